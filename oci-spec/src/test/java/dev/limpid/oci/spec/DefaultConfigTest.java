package dev.limpid.oci.spec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.SpecVersion;
import dev.limpid.oci.config.Config;
import dev.limpid.oci.config.ConfigParser;
import dev.limpid.oci.config.Mount;
import dev.limpid.oci.config.Namespace;
import dev.limpid.oci.config.NamespaceType;
import dev.limpid.oci.json.JsonReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The configuration of a new bundle is written as it stands in the program, and is valid. */
class DefaultConfigTest {
  private static final Config CONFIG =
      ConfigParser.parse("config.json", DefaultConfig.json()).config();

  @Test
  void isWrittenWithTabsAndALineBreakAtItsEnd() throws IOException {
    try (InputStream in = DefaultConfig.class.getResourceAsStream("default-config.json")) {
      String resource = new String(in.readAllBytes(), StandardCharsets.UTF_8);

      assertEquals(resource.stripTrailing() + "\n", DefaultConfig.text());
    }
    assertTrue(DefaultConfig.text().startsWith("{\n\t\"ociVersion\": \"1.2.0\",\n"));
  }

  @Test
  void isReadAsItWasWritten() {
    assertEquals(
        DefaultConfig.json(),
        new JsonReader("config.json").parse(DefaultConfig.text().getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void followsTheVersionThatIsImplemented() {
    assertEquals(SpecVersion.CURRENT, CONFIG.ociVersion());
  }

  @Test
  void mountsTheUsualFilesystems() {
    assertEquals(
        List.of("/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys", "/sys/fs/cgroup"),
        CONFIG.mounts().stream().map(Mount::destination).toList());
  }

  @Test
  void isolatesEverythingButUsersAndTime() {
    List<NamespaceType> types = CONFIG.linux().namespaces().stream().map(Namespace::type).toList();

    assertEquals(
        List.of(
            NamespaceType.PID,
            NamespaceType.NETWORK,
            NamespaceType.IPC,
            NamespaceType.UTS,
            NamespaceType.MOUNT,
            NamespaceType.CGROUP),
        types);
  }

  @Test
  void masksNothingTwice() {
    List<String> masked = CONFIG.linux().maskedPaths();

    assertEquals(masked.size(), new HashSet<>(masked).size());
    assertTrue(masked.contains("/proc/kcore"));
    assertTrue(CONFIG.linux().readonlyPaths().contains("/proc/sys"));
  }
}
