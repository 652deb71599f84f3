package dev.limpid.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.oci.spec.DefaultConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * How many classes each verb loads, and how many of them not from the archive: what start-up costs,
 * as far as it does not depend on the host. {@code startup-classes.txt} tells how many there were
 * when it was last written.
 */
class StartupIT {
  private static final String RECORD = "startup-classes.txt";

  /** What may differ with the host and its JVM's minor version. */
  private static final int MARGIN = 20;

  private static final int PATIENCE_SECONDS = 300;

  @TempDir private Path folder;

  /** All calls, in their order. */
  private final Map<String, LoadedClasses> loaded = new LinkedHashMap<>();

  private Installation installation;

  @AfterEach
  void remove() throws Exception {
    if (installation != null) {
      installation.limpid("--root", root(), "delete", "--force", "web");
    }
  }

  @Test
  @Timeout(PATIENCE_SECONDS)
  void verbsLoadNoMoreClassesThanWhenTheyWereCounted() throws Exception {
    assumeTrue(
        Runtime.version().feature() == 17, "the classes that were counted are those of Java 17");
    installation = Installation.tested(folder);
    Files.writeString(
        folder.resolve("limpid.json"),
        JsonObject.builder().put("layers", folder.resolve("layers").toString()).build().toString());
    String bundle = bundle();

    count("version", "--version");
    count("features", "features");
    count("create", "create", "--bundle", bundle, "web");
    count("start", "start", "web");
    count("state", "state", "web");
    count("list", "list", "--format", "json");
    count("exec", "exec", "--process", process(), "web");
    count("kill", "kill", "web", "KILL");
    while (!installation
        .limpid("--root", root(), "state", "web")
        .out()
        .contains("\"status\": \"stopped\"")) {
      Thread.onSpinWait();
    }
    count("delete", "delete", "web");

    List<String> table = new ArrayList<>();
    loaded.forEach((verb, classes) -> table.add(verb + " " + classes));
    Files.write(Path.of("target", RECORD), table);
    assertEquals("", growth(), () -> "if that is meant, target/" + RECORD + " is the new record");
  }

  /** The calls that load more than is recorded, and how many more. */
  private String growth() throws IOException {
    StringBuilder grown = new StringBuilder();
    Map<String, LoadedClasses> recorded = LoadedClasses.recorded(record());
    assertEquals(recorded.keySet(), loaded.keySet());
    for (Map.Entry<String, LoadedClasses> call : loaded.entrySet()) {
      LoadedClasses before = recorded.get(call.getKey());
      LoadedClasses now = call.getValue();
      if (now.all() > before.all() + MARGIN || now.outside() > before.outside() + MARGIN) {
        grown.append(call.getKey()).append(": ").append(before.change(now)).append('\n');
      }
    }
    return grown.toString();
  }

  private static List<String> record() throws IOException {
    try (var in = StartupIT.class.getResourceAsStream(RECORD)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  private void count(String name, String... verb) throws Exception {
    List<String> arguments = new ArrayList<>();
    if (!name.equals("version")) {
      arguments.addAll(List.of("--root", root()));
    }
    arguments.addAll(List.of(verb));
    Path log = folder.resolve("classes-of-" + name);
    Outcome outcome = installation.loggingClasses(log, arguments.toArray(new String[0]));
    assertEquals(0, outcome.status(), outcome::toString);
    loaded.put(name, LoadedClasses.logged(log));
  }

  private String root() {
    return folder.resolve("root").toString();
  }

  private String bundle() throws IOException {
    Path bin = Files.createDirectories(folder.resolve("bundle/rootfs/bin"));
    for (String name : List.of("dev", "proc", "sys")) {
      Files.createDirectories(bin.resolveSibling(name));
    }
    Files.copy(Path.of("/bin/busybox"), bin.resolve("sleep"));
    JsonObject config = DefaultConfig.json();
    JsonObject process = (JsonObject) config.get("process").orElseThrow();
    write("bundle/config.json", config.with("process", program(process, "sleep", "1000")));
    return folder.resolve("bundle").toString();
  }

  private String process() throws IOException {
    JsonObject process = (JsonObject) DefaultConfig.json().get("process").orElseThrow();
    return write("process.json", program(process, "sleep", "0")).toString();
  }

  private static JsonObject program(JsonObject process, String... words) {
    return process.with("terminal", false).with("args", JsonArray.ofStrings(List.of(words)));
  }

  private Path write(String name, JsonObject content) throws IOException {
    return Files.write(folder.resolve(name), JsonWriter.compact().writeBytes(content));
  }
}
