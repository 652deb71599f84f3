package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Paths in config.json that climb, or are many: as good as any other, and they stay in the root.
 */
final class PathsIT extends Behaviour {
  private static final String UP = "/../../../../../../../../..";

  @Test
  void climbingPathsStayInTheRoot() throws Exception {
    Path folder = Files.createDirectories(sandbox().path("folder"));
    Files.writeString(folder.resolve("file"), "of the host\n");
    String name = folder.getFileName().toString();
    TestBundle bundle = sandbox().bundle();
    String bundleName = bundle.directory().getFileName().toString();
    bundle
        .root(r -> r.with("path", "../" + bundleName + "/rootfs"))
        .mount("/mnt/.." + UP + "/mnt", "bind", bundle.directory() + "/../" + name, "rbind")
        .process(p -> p.with("cwd", "/tmp" + UP + "/etc"))
        .linux(
            l ->
                l.with("maskedPaths", Json.strings("/proc/.." + UP + "/proc/version"))
                    .with("readonlyPaths", Json.strings("/mnt" + UP + "/mnt")))
        .script(
            "cat plain /mnt/file /proc/version",
            "touch /mnt/new 2>/dev/null || echo cannot write",
            "ls -d /mnt /etc");

    Outcome outcome =
        runtime().call("run", "-b", bundle.write().toString(), sandbox().id()).succeeded();

    assertEquals("text\nof the host\ncannot write\n/etc\n/mnt\n", outcome.out());
    assertEquals(List.of("file"), Sandbox.entries(folder));
  }

  @Test
  void almostAThousandMounts() throws Exception {
    Path file = Files.writeString(sandbox().path("file"), "of the host\n");
    TestBundle bundle = sandbox().bundle();
    bundle.edit(
        c -> {
          JsonArray mounts = (JsonArray) c.get("mounts").orElseThrow();
          List<JsonValue> all = new ArrayList<>(mounts.elements());
          while (all.size() < 1000) {
            all.add(
                JsonObject.builder()
                    .put("destination", "/tmp/" + all.size())
                    .put("type", "bind")
                    .put("source", file.toString())
                    .put("options", Json.strings("bind", "ro"))
                    .build());
          }
          return c.with("mounts", new JsonArray(all));
        });
    bundle.script("cat /tmp/999", "grep -c ' /tmp/' /proc/self/mountinfo");

    Outcome outcome =
        runtime().call("run", "-b", bundle.write().toString(), sandbox().id()).succeeded();

    assertTrue(outcome.out().matches("of the host\n99[0-9]\n"), outcome::toString);
  }
}
