package dev.limpid.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TemplateCommandTest {
  private static final String NAMES = "--all and names of templates: only remove has them";
  private static final String SIZE = "--memory and --vcpus: only build has them";

  @TempDir private Path folder;

  private Outcome template(String... arguments) throws IOException {
    Path configuration =
        Files.writeString(
            folder.resolve("limpid.json"),
            "{\"templates\": \"" + folder.resolve("templates") + "\"}");
    String[] all = new String[arguments.length + 3];
    all[0] = "--root";
    all[1] = folder.resolve("root").toString();
    all[2] = "template";
    System.arraycopy(arguments, 0, all, 3, arguments.length);
    return Outcome.of(folder, Map.of("LIMPID_CONFIG", configuration.toString()), all);
  }

  @ParameterizedTest
  @CsvSource({
    "make, 'template: make: must be build, list, remove or verify'",
    "list --format xml, '--format: xml: must be table or json'",
    "list a, '" + NAMES + "'",
    "build --all, '" + NAMES + "'",
    "remove, 'template remove: needs either names of templates or --all'",
    "remove --all a, 'template remove: needs either names of templates or --all'",
    "list --memory 512, '" + SIZE + "'",
    "verify --vcpus 1, '" + SIZE + "'",
    "list --repair, '--repair: only verify has it'",
    "build --memory 127, '--memory: 127: must be from 128 to 1048576'",
    "build --memory 1048577, '--memory: 1048577: must be from 128 to 1048576'",
    "build --vcpus 0, '--vcpus: 0: must be from 1 to 256'",
    "build --vcpus 257, '--vcpus: 257: must be from 1 to 256'",
    "remove ../root, 'template: ../root does not exist'",
  })
  void refuses(String arguments, String reason) throws IOException {
    Outcome outcome = template(arguments.split(" "));

    assertEquals("limpid: " + reason + "\n", outcome.err());
    assertEquals(1, outcome.status());
    assertEquals("", outcome.out());
  }

  @Test
  void aStoreThatIsNotThereIsEmpty() throws IOException {
    assertEquals(
        "TEMPLATE MEMORY VCPUS ACCELERATOR CREATED LAST USED ",
        template("list").out().replaceAll("\\s+", " "));
    assertEquals("[]\n", template("list", "--format", "json").out());
    assertEquals("all are sound\n", template("verify").out());
    assertEquals("[]\n", template("verify", "--format", "json").out());
    assertEquals("", template("remove", "--all").err());
  }
}
