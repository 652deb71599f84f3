package dev.limpid.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.engine.Json;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.spec.DefaultConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The verbs that need no container: spec, features and check. */
class DocumentsTest {
  private Path folder;

  @BeforeEach
  void prepare(@TempDir Path temporary) {
    folder = temporary;
  }

  @Test
  void specDoesNotReplaceAFile() throws IOException {
    Path file = Files.writeString(folder.resolve("config.json"), "mine");

    assertEquals(
        new Outcome(1, "", "limpid: File config.json exists. Remove it first: " + file + "\n"),
        Outcome.of(folder, "spec"));
    assertEquals("mine", Files.readString(file));
  }

  @Test
  void specNeedsAFolder() {
    Outcome outcome = Outcome.of(folder, "spec", "-b", "none");

    assertEquals(1, outcome.status());
    assertTrue(
        outcome
            .err()
            .startsWith("limpid: " + folder.resolve("none/config.json") + ": cannot write: "),
        outcome.err());
  }

  @Test
  void specIsForRoot() {
    assertEquals(
        new Outcome(
            1, "", "limpid: --rootless: not supported, a VM's network and devices need root\n"),
        Outcome.of(folder, "spec", "--rootless"));
    assertFalse(Files.exists(folder.resolve("config.json")));
  }

  @Test
  void specWritesWhereItIsTold() throws IOException {
    Files.createDirectory(folder.resolve("bundle"));

    assertEquals(new Outcome(0, "", ""), Outcome.of(folder, "spec"));
    assertEquals(new Outcome(0, "", ""), Outcome.of(folder, "spec", "--bundle", "bundle"));
    assertEquals(DefaultConfig.text(), Files.readString(folder.resolve("config.json")));
    assertEquals(DefaultConfig.text(), Files.readString(folder.resolve("bundle/config.json")));
  }

  @Test
  void featuresIsADocument() {
    Outcome outcome = Outcome.of(folder, "features");

    assertEquals(0, outcome.status());
    assertEquals("", outcome.err());
    JsonCursor features = JsonCursor.root("features", Json.parse(outcome.out()));
    assertEquals("1.0.0", features.requiredString("ociVersionMin"));
    assertEquals("1.2.0", features.requiredString("ociVersionMax"));
    assertTrue(features.required("mountOptions").asStrings().contains("rbind"));
    assertTrue(features.required("linux").required("namespaces").asStrings().contains("network"));
    assertFalse(features.required("hooks").asStrings().contains("createContainer"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"xml", "", "JSON"})
  void checkHasTwoFormats(String format) {
    assertEquals(
        new Outcome(1, "", "limpid: --format: " + format + ": must be text or json\n"),
        Outcome.of(folder, configured("{}"), "check", "--format", format));
  }

  @Test
  void checkTellsWhatIsMissingAndWhatToDo() throws IOException {
    Outcome outcome = Outcome.of(folder, configured("{}"), "check");

    assertEquals(1, outcome.status());
    assertEquals("", outcome.err());
    String shim = folder.resolve("home/limpid-shim").toString();
    assertTrue(
        outcome
            .out()
            .contains(
                "MISSING shim                    "
                    + shim
                    + " is not an executable file\n"
                    + " ".repeat(32)
                    + "-> install Limpid again: make install\n"),
        outcome.out());
    assertTrue(
        outcome.out().startsWith("ok      configuration           readable\n"), outcome.out());
  }

  @Test
  void checkGoesOnWithoutAConfiguration() {
    Outcome outcome = Outcome.of(folder, configured("{\"x\":1}"), "check");

    assertEquals(1, outcome.status());
    assertTrue(
        outcome
            .out()
            .startsWith(
                "MISSING configuration           "
                    + folder.resolve("limpid.json")
                    + ": x: is not a key of this file"),
        outcome.out());
    assertTrue(outcome.out().contains(" shim "), outcome.out());
  }

  @Test
  void checkFindsTheProgramsOfTheConfiguration() throws IOException {
    Path good = script("good", "[ \"$1\" = --version ] && echo good 1.2; echo more");
    Path bad = script("bad", "echo bad; exit 1");

    Outcome outcome =
        Outcome.of(
            folder,
            configured("{\"hypervisor\": \"" + good + "\", \"virtiofsd\": \"" + bad + "\"}"),
            "check",
            "-f",
            "json");

    assertEquals(1, outcome.status());
    List<String> names = new ArrayList<>();
    for (JsonCursor finding : JsonCursor.root("check", Json.parse(outcome.out())).elements()) {
      names.add(finding.requiredString("name"));
      String seen = finding.requiredString("verdict") + " " + finding.requiredString("detail");
      switch (finding.requiredString("name")) {
        case "hypervisor" -> assertEquals("fine " + good + ": good 1.2", seen);
        case "virtiofsd" -> assertEquals("missing " + bad + " does not run", seen);
        default -> assertFalse(finding.requiredString("detail").isEmpty());
      }
    }
    assertEquals(
        List.of(
            "configuration",
            "privileges",
            "virtualization",
            "hypervisor",
            "virtiofsd",
            "class archive",
            "shim",
            "kernel",
            "image",
            "mkfs.erofs",
            "setpriv",
            "nsenter",
            "ip",
            "tc",
            "cgroups",
            "tun",
            "layers",
            "templates",
            "state"),
        names);
  }

  private Map<String, String> configured(String text) {
    Path file = folder.resolve("limpid.json");
    try {
      Files.writeString(file, text);
    } catch (IOException failed) {
      throw new java.io.UncheckedIOException(failed);
    }
    return Map.of("LIMPID_CONFIG", file.toString());
  }

  private Path script(String name, String text) throws IOException {
    Path script = folder.resolve(name);
    Files.writeString(script, "#!/bin/sh\n" + text + "\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    return script;
  }
}
