package dev.limpid.behaviour;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.oci.spec.DefaultConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** A bundle in the making: a root filesystem of busybox, and a config.json as {@code spec}'s. */
final class TestBundle {
  private static final Path BUSYBOX = Path.of("/bin/busybox");

  private final Path directory;
  private JsonObject config;

  private TestBundle(Path directory, JsonObject config) {
    this.directory = directory;
    this.config = config;
  }

  /**
   * A bundle without a terminal, whose root filesystem can be written.
   *
   * @param directory is made
   */
  static TestBundle in(Path directory) throws IOException, InterruptedException {
    Files.createDirectories(directory);
    fillRootfs(directory.resolve("rootfs"));
    return new TestBundle(directory, DefaultConfig.json())
        .process(process -> process.with("terminal", false))
        .edit(c -> c.with("root", JsonObject.builder().put("path", "rootfs").build()));
  }

  /** Makes a root filesystem in which busybox is every program. */
  static void fillRootfs(Path rootfs) throws IOException, InterruptedException {
    for (String name : List.of("bin", "dev", "etc", "mnt", "proc", "sys", "tmp")) {
      Files.createDirectories(rootfs.resolve(name));
    }
    Files.copy(BUSYBOX, rootfs.resolve("bin/busybox"));
    for (String applet : Applets.NAMES) {
      if (!applet.equals("busybox")) {
        Files.createSymbolicLink(rootfs.resolve("bin").resolve(applet), Path.of("busybox"));
      }
    }
    Files.writeString(rootfs.resolve("etc/plain"), "text\n");
  }

  private static final class Applets {
    static final List<String> NAMES = names();

    private static List<String> names() {
      try {
        Process list = new ProcessBuilder(BUSYBOX.toString(), "--list").start();
        return new String(list.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
            .lines()
            .toList();
      } catch (IOException failed) {
        throw new IllegalStateException("busybox-static is needed", failed);
      }
    }
  }

  Path directory() {
    return directory;
  }

  Path rootfs() {
    return directory.resolve("rootfs");
  }

  TestBundle edit(UnaryOperator<JsonObject> change) {
    config = change.apply(config);
    return this;
  }

  /** Changes an object that is a member. */
  private TestBundle section(String name, UnaryOperator<JsonObject> change) {
    return edit(c -> c.with(name, change.apply((JsonObject) c.get(name).orElseThrow())));
  }

  TestBundle process(UnaryOperator<JsonObject> change) {
    return section("process", change);
  }

  TestBundle root(UnaryOperator<JsonObject> change) {
    return section("root", change);
  }

  TestBundle linux(UnaryOperator<JsonObject> change) {
    return section("linux", change);
  }

  TestBundle args(String... args) {
    return process(p -> p.with("args", Json.strings(args)));
  }

  /** The program is a script. */
  TestBundle script(String... lines) {
    return args("/bin/sh", "-c", String.join("\n", lines));
  }

  TestBundle terminal() {
    return process(p -> p.with("terminal", true));
  }

  /** Adds a variable to the environment. */
  TestBundle env(String variable) {
    return process(
        p ->
            p.with("env", ((JsonArray) p.get("env").orElseThrow()).with(new JsonString(variable))));
  }

  /** Grants the same capabilities in several sets. */
  TestBundle capabilities(List<String> sets, String... capabilities) {
    JsonObject.Builder all = JsonObject.builder();
    for (String set : sets) {
      all.put(set, Json.strings(capabilities));
    }
    return process(p -> p.with("capabilities", all.build()));
  }

  TestBundle annotation(String key, String value) {
    return edit(c -> c.with("annotations", JsonObject.builder().put(key, value).build()));
  }

  /** Shares the namespaces of these types with whoever runs the container. */
  TestBundle withoutNamespaces(String... types) {
    return linux(
        linux -> {
          List<JsonValue> kept = new ArrayList<>();
          for (JsonValue namespace :
              ((JsonArray) linux.get("namespaces").orElseThrow()).elements()) {
            String type = ((JsonString) ((JsonObject) namespace).get("type").orElseThrow()).value();
            if (!List.of(types).contains(type)) {
              kept.add(namespace);
            }
          }
          return linux.with("namespaces", new JsonArray(kept));
        });
  }

  /** Names a namespace that there is, by a path. */
  TestBundle joining(String type, String path) {
    TestBundle without = withoutNamespaces(type);
    JsonObject joined = JsonObject.builder().put("type", type).put("path", path).build();
    return without.linux(
        linux ->
            linux.with(
                "namespaces", ((JsonArray) linux.get("namespaces").orElseThrow()).with(joined)));
  }

  TestBundle mount(String destination, String type, String source, String... options) {
    JsonObject mount =
        JsonObject.builder()
            .put("destination", destination)
            .put("type", type)
            .put("source", source)
            .put("options", Json.strings(options))
            .build();
    return edit(c -> c.with("mounts", ((JsonArray) c.get("mounts").orElseThrow()).with(mount)));
  }

  /** Writes config.json. */
  Path write() throws IOException {
    Files.writeString(directory.resolve("config.json"), JsonWriter.indented("\t").write(config));
    return directory;
  }
}
