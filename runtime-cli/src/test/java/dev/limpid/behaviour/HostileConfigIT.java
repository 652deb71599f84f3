package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.json.JsonWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A config.json that is broken, or made to do harm: create refuses it at once with an error that
 * names the place, and leaves nothing.
 */
@VmOnly
final class HostileConfigIT extends Behaviour {
  /** How much longer than a verb that does nothing a refusal may take. */
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(1);

  /** The processors may be somebody else's for a while. */
  private static final int ATTEMPTS = 4;

  private static final String MARK = "what is to be replaced";

  private TestBundle bundle;
  private String valid;

  @BeforeEach
  void makeBundle() throws Exception {
    bundle = sandbox().bundle();
    // What create might make has a name that is found again.
    bundle.linux(l -> l.with("cgroupsPath", "/" + sandbox().directory().getFileName()));
    valid = Files.readString(bundle.write().resolve("config.json"));
  }

  @Test
  void truncated() throws Exception {
    byte[] whole = valid.getBytes(StandardCharsets.UTF_8);
    assertRefused("config.json:1:1: empty: a JSON value is expected", new byte[0]);
    for (int length : List.of(1, 2, 3, 10, 100, whole.length / 2, whole.length - 2)) {
      byte[] part = Arrays.copyOf(whole, length);
      assertRefused("config.json:" + end(part) + ": the document ends too early", part);
    }
  }

  /** Line and column, from 1, of what would come next. */
  private static String end(byte[] ascii) {
    String text = new String(ascii, StandardCharsets.US_ASCII);
    long line = 1 + text.chars().filter(c -> c == '\n').count();
    return line + ":" + (text.length() - text.lastIndexOf('\n'));
  }

  @Test
  void notAnObject() throws Exception {
    for (String document : List.of("[]", "\"x\"", "0", "true", "null", "[" + valid + "]")) {
      assertRefused("config.json: must be an object", document);
    }
    assertRefused(": text after the end of the JSON value", valid + "{}");
    assertRefused("config.json:1:1: begins with a byte order mark", "\ufeff" + valid);
  }

  @Test
  void wrongTypes() throws Exception {
    assertRefused("config.json: process: must be an object, found an array", with("process", "[]"));
    assertRefused("config.json: root: must be an object, found a string", with("root", "\"/\""));
    assertRefused("config.json: mounts: must be an array, found an object", with("mounts", "{}"));
    assertRefused("config.json: linux: must be an object, found a number", with("linux", "1"));
    assertRefused("config.json: hooks: must be an object", with("hooks", "[]"));
    assertRefused("config.json: annotations.a: must be a string", with("annotations", "{\"a\":1}"));
    assertRefused("config.json: process.args[1]", process("args", "[\"/bin/true\",{}]"));
    assertRefused("config.json: process.terminal", process("terminal", "\"no\""));
    assertRefused("config.json: process.user.uid", process("user", "{\"uid\":\"root\"}"));
    assertRefused("config.json: linux.namespaces[0]", linux("namespaces", "[\"pid\"]"));
    assertRefused("config.json: linux.resources", linux("resources", "\"\""));
  }

  @Test
  void numbersBeyondEveryBound() throws Exception {
    for (String huge : List.of("1e400", "99999999999999999999", "9".repeat(10_000), "-1", "1.5")) {
      assertRefused("config.json: process.user.uid", process("user", "{\"uid\":" + huge + "}"));
      assertRefused(
          "config.json: process.rlimits[0].hard",
          process("rlimits", "[{\"type\":\"RLIMIT_NOFILE\",\"soft\":1,\"hard\":" + huge + "}]"));
    }
    assertRefused(
        "config.json: linux.resources.memory.limit",
        linux("resources", "{\"memory\":{\"limit\":1e30}}"));
    assertRefused("config.json: process.oomScoreAdj", process("oomScoreAdj", "1001"));
  }

  @Test
  void tenMegabytes() throws Exception {
    String large = "\"" + "x".repeat(10_000_000) + "\"";
    assertRefused(
        "config.json:1:1: larger than the 4194304 bytes that are allowed",
        with("annotations", "{\"a\":" + large + "}"));
  }

  @Test
  void fourMegabytesOfNextToNothing() throws Exception {
    for (String element : List.of("0", "{}", "{\"\":0}")) {
      String dense = element + ("," + element).repeat(4_000_000 / (element.length() + 1));
      assertRefused(": more than 100000 values", with("unheardOf", "[" + dense + "]"));
    }
  }

  @Test
  void fiveThousandMounts() throws Exception {
    List<JsonValue> mounts = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      mounts.add(
          JsonObject.builder()
              .put("destination", "/mnt/" + i)
              .put("type", "bind")
              .put("source", "/etc")
              .put("options", Json.strings("bind"))
              .build());
    }
    assertRefused(
        "config.json: mounts: has 5000 elements; a container in a virtual machine can have 1000",
        edited(c -> c.with("mounts", new JsonArray(mounts))));
  }

  @Test
  void nestedWithoutEnd() throws Exception {
    for (String open : List.of("[", "{\"a\":")) {
      assertRefused(": nested deeper than 100 levels", with("unheardOf", open.repeat(200_000)));
    }
  }

  @Test
  void duplicateKeys() throws Exception {
    assertRefused(
        "duplicate key \"process\"", valid.replaceFirst("\\{", "{\"process\":{\"args\":[]},"));
    assertRefused("duplicate key \"path\"", with("root", "{\"path\":\"rootfs\",\"path\":\"/\"}"));
    // The same name in other characters.
    assertRefused(
        "duplicate key \"path\"", with("root", "{\"path\":\"rootfs\",\"p\\u0061th\":\"/\"}"));
  }

  @Test
  void invalidUtf8() throws Exception {
    List<byte[]> wrong =
        List.of(
            new byte[] {(byte) 0xff}, // no such byte
            new byte[] {(byte) 0xc0, (byte) 0xaf}, // a slash in too many bytes
            new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80}, // half of a surrogate pair
            new byte[] {(byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0x80}, // beyond Unicode
            new byte[] {(byte) 0xe2, (byte) 0x82}); // too short
    for (byte[] bytes : wrong) {
      ByteArrayOutputStream document = new ByteArrayOutputStream();
      document.writeBytes("{\"hostname\":\"".getBytes(StandardCharsets.UTF_8));
      document.writeBytes(bytes);
      document.writeBytes("\"}".getBytes(StandardCharsets.UTF_8));
      assertRefused("config.json:1:14: not valid UTF-8", document.toByteArray());
    }
    assertRefused(
        "config.json: hostname: must not contain half of a surrogate pair",
        with("hostname", "\"\\ud800\""));
  }

  @Test
  void nulInStrings() throws Exception {
    String nul = "\"/x\\u0000/y\"";
    String problem = ": must not contain a NUL character";
    assertRefused("config.json: root.path" + problem, with("root", "{\"path\":" + nul + "}"));
    assertRefused("config.json: process.args[0]" + problem, process("args", "[" + nul + "]"));
    assertRefused("config.json: process.cwd" + problem, process("cwd", nul));
    assertRefused("config.json: process.env[0]" + problem, process("env", "[\"A=\\u0000\"]"));
    assertRefused(
        "config.json: mounts[0].destination" + problem,
        with("mounts", "[{\"destination\":" + nul + "}]"));
    assertRefused(
        "config.json: mounts[0].source" + problem,
        with("mounts", "[{\"destination\":\"/x\",\"type\":\"bind\",\"source\":" + nul + "}]"));
    assertRefused("config.json: linux.cgroupsPath" + problem, linux("cgroupsPath", nul));
    assertRefused(
        "config.json: linux.maskedPaths[0]" + problem, linux("maskedPaths", "[" + nul + "]"));
    assertRefused(
        "config.json: linux.namespaces[0].path" + problem,
        linux("namespaces", "[{\"type\":\"network\",\"path\":" + nul + "}]"));
    assertRefused(
        "config.json: hooks.prestart[0].path" + problem,
        with("hooks", "{\"prestart\":[{\"path\":" + nul + "}]}"));
    // In bytes, not as an escape.
    assertRefused("config.json:", valid.replaceFirst("\\{", "{\0"));
  }

  @Test
  void versionsThatNobodyKnows() throws Exception {
    for (String version : List.of("2.0.0", "0.9.0", "10.0.0")) {
      assertRefused(
          "config.json: ociVersion: must be a version 1.x of the runtime-spec",
          with("ociVersion", "\"" + version + "\""));
    }
    for (String version : List.of("", "1", "1.0", "1.0.0.0", "one", "1.0.0 ", "01.0.0")) {
      assertRefused(
          "config.json: ociVersion: must be a version such as",
          with("ociVersion", "\"" + version + "\""));
    }
    assertRefused("config.json: ociVersion: must be a string", with("ociVersion", "1.0"));
    assertRefused(
        "config.json: ociVersion: is required, but missing", edited(c -> c.without("ociVersion")));
  }

  /** Where a path leads is what counts, not how it is written. */
  @Test
  void pathsThatLeadNowhereOrOut() throws Exception {
    String up = "../../../../../../../../../../..";
    assertRefused("config.json: root.path", with("root", "{\"path\":\"" + up + "/etc/passwd\"}"));
    assertRefused("config.json: root.path", with("root", "{\"path\":\"" + up + "/no/such\"}"));
    for (String source : List.of(up + "/no/such", up + "/dev/null", "/proc/self/fd/999")) {
      assertRefused(
          "config.json: mounts[0].source",
          with(
              "mounts",
              "[{\"destination\":\"/x\",\"type\":\"bind\",\"source\":\"" + source + "\"}]"));
    }
    for (String path :
        List.of(
            "/../no/such", "/proc/self/ns/../status", "/proc/self/ns/pid", "/", "/proc/self/ns")) {
      assertRefused(
          "config.json: linux.namespaces[0].path",
          linux("namespaces", "[{\"type\":\"network\",\"path\":\"" + path + "\"}]"));
    }
    assertRefused(
        "config.json: linux.namespaces[0].path",
        linux("namespaces", "[{\"type\":\"pid\",\"path\":\"/proc/self/../1/ns/pid\"}]"));
    assertRefused(
        "config.json: linux.namespaces[0].path",
        linux("namespaces", "[{\"type\":\"network\",\"path\":\"../x\"}]"));
    assertRefused("config.json: process.cwd", process("cwd", "\"../etc\""));
    assertRefused("config.json: linux.maskedPaths[0]", linux("maskedPaths", "[\"../proc\"]"));
    assertRefused("config.json: linux.readonlyPaths[0]", linux("readonlyPaths", "[\"../proc\"]"));
    assertRefused(
        "config.json: linux.devices[0].path",
        linux("devices", "[{\"path\":\"../dev/x\",\"type\":\"c\",\"major\":1,\"minor\":3}]"));
    assertRefused("config.json: linux.intelRdt.closID", linux("intelRdt", "{\"closID\":\"../x\"}"));
    assertRefused(
        "config.json: hooks.prestart[0].path",
        with("hooks", "{\"prestart\":[{\"path\":\"../bin/true\"}]}"));
    assertRefused(
        "config.json: vm", with("vm", "{\"kernel\":{\"path\":\"" + up + "/etc/passwd\"}}"));
  }

  /** Refused at once, with one line, and nothing is left. */
  private void assertRefused(String reason, String document) throws Exception {
    assertRefused(reason, document.getBytes(StandardCharsets.UTF_8));
  }

  private void assertRefused(String reason, byte[] document) throws Exception {
    Path file = bundle.directory().resolve("config.json");
    Files.write(file, document);
    String id = sandbox().id();
    Path pidFile = sandbox().path("pid");
    List<String> bundleBefore = Sandbox.entries(bundle.directory());
    Set<String> interfacesBefore = interfaces();

    long quickest = Long.MAX_VALUE;
    for (int attempt = 0; quickest > PATIENCE && attempt < ATTEMPTS; attempt++) {
      long idle = elapsed(() -> runtime().call("features").succeeded());
      long refusal =
          elapsed(
              () -> {
                Outcome outcome =
                    runtime()
                        .call(
                            "create",
                            "--bundle",
                            bundle.directory().toString(),
                            "--pid-file",
                            pidFile.toString(),
                            id)
                        .exited(1);
                assertEquals("", outcome.out());
                assertTrue(outcome.err().contains(reason), outcome::toString);
                assertEquals(1, outcome.err().lines().count(), outcome::toString);
                assertTrue(outcome.err().length() < 1000, outcome::toString);
              });
      quickest = Math.min(quickest, refusal - idle);
    }

    long millis = TimeUnit.NANOSECONDS.toMillis(quickest);
    assertTrue(quickest <= PATIENCE, () -> reason + ": takes " + millis + " ms more than a verb");
    assertTrue(Files.notExists(pidFile));
    assertEquals(bundleBefore, Sandbox.entries(bundle.directory()));
    assertEquals(interfacesBefore, interfaces());
    assertEquals(List.of(), cgroups());
    sandbox().assertNothingIsLeft();
  }

  private interface Step {
    void run() throws Exception;
  }

  private static long elapsed(Step step) throws Exception {
    long start = System.nanoTime();
    step.run();
    return System.nanoTime() - start;
  }

  private static Set<String> interfaces() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/sys/class/net"))) {
      Set<String> names = new TreeSet<>();
      all.forEach(path -> names.add(path.getFileName().toString()));
      return names;
    }
  }

  /** The cgroups of the host, of all hierarchies, that have the name that the config asks for. */
  private List<String> cgroups() throws IOException {
    String name = sandbox().directory().getFileName().toString();
    try (Stream<Path> all = Files.walk(Path.of("/sys/fs/cgroup"), 2)) {
      return all.filter(path -> path.getFileName().toString().contains(name))
          .map(Path::toString)
          .toList();
    }
  }

  /**
   * The valid config with another value, in JSON, for a member; not read, so it may be anything.
   */
  private String with(String member, String json) {
    return inserted(c -> c.with(member, MARK), json);
  }

  private String process(String member, String json) {
    return inserted(section("process", member), json);
  }

  private String linux(String member, String json) {
    return inserted(section("linux", member), json);
  }

  private static UnaryOperator<JsonObject> section(String section, String member) {
    return c -> c.with(section, ((JsonObject) c.get(section).orElseThrow()).with(member, MARK));
  }

  private String inserted(UnaryOperator<JsonObject> change, String json) {
    return edited(change).replace("\"" + MARK + "\"", json);
  }

  private String edited(UnaryOperator<JsonObject> change) {
    JsonObject config = Json.read(valid).asObject();
    return JsonWriter.compact().write(change.apply(config));
  }
}
