package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.Json;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Without a UTS namespace of its own a container has the host's names. */
class HostNamesTest {
  private static final String SHARED = "{'linux':{'namespaces':[]}";

  @TempDir private Path kernel;

  private JsonObject named(String config) throws IOException {
    Files.writeString(kernel.resolve("hostname"), "box.example\n");
    Files.writeString(kernel.resolve("domainname"), "(none)\n");
    return new HostNames(kernel).addTo(Json.config(config), Json.object("{}"));
  }

  @Test
  void theyAreCopied() throws IOException {
    assertEquals(Json.object("{'hostname':'box.example'}"), named(SHARED + ",'domainname':''}"));
  }

  @Test
  void theyCanNotBeChanged() {
    InvalidSpecException e =
        assertThrows(InvalidSpecException.class, () -> named(SHARED + ",'hostname':'web'}"));

    assertEquals("hostname", e.path());
  }

  @Test
  void aContainerOfItsOwnIsLeftAlone() throws IOException {
    assertEquals(
        Json.object("{}"), named("{'linux':{'namespaces':[{'type':'uts'}]},'hostname':'web'}"));
  }
}
