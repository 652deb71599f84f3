package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.config.Capabilities;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** VMs that are clones of a template, each test with a store of its own. */
@VmOnly
final class TemplateIT extends Behaviour {
  private static final boolean THOROUGH = Boolean.getBoolean("limpid.thorough");
  private static final int CLONES = THOROUGH ? 1000 : 12;
  private static final int DEATHS = THOROUGH ? 60 : 10;
  private static final int AT_ONCE = 6;

  private static final String MOUNTS =
      "agent=$(grep -lsx limpid-agent /proc/[0-9]*/comm); cut -d ' ' -f 1-3 ${agent%comm}mounts";

  /** How far a clock may be off that was set a moment ago, in seconds. */
  private static final long CLOCK_SECONDS = 10;

  private Path templates;

  @BeforeEach
  void useOwnStore() throws Exception {
    templates = sandbox().directory().resolve("templates");
    configure("templates", templates.toString());
    configure("template", "auto");
  }

  private void configure(String key, String value) throws IOException {
    JsonObject configuration =
        Json.object(Files.readString(runtime().configuration())).with(key, new JsonString(value));
    Files.writeString(runtime().configuration(), JsonWriter.compact().write(configuration));
  }

  /** The names of the templates there are. */
  private List<String> names() throws Exception {
    List<String> names = new ArrayList<>();
    String list = runtime().call("template", "list", "--format", "json").succeeded().out();
    for (JsonCursor each : Json.read(list).elements()) {
      names.add(each.requiredString("name"));
    }
    return names;
  }

  private String make(String... options) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("template", "build"));
    arguments.addAll(List.of(options));
    return runtime().call(arguments.toArray(new String[0])).succeeded().lines()[0];
  }

  private String run(TestBundle bundle) throws Exception {
    return runtime()
        .call("run", "--bundle", bundle.write().toString(), sandbox().id())
        .succeeded()
        .out();
  }

  /** Whether the VM of a container that runs was not booted. */
  private boolean isClone(TestBundle bundle) throws Exception {
    String id = sandbox().id();
    runtime().createAndStart(id, bundle.write());
    long pid = runtime().state(id).required("pid").asInteger(1, Integer.MAX_VALUE);
    Path process = Path.of("/proc/" + HostProcesses.hypervisors(pid).get(0).pid());
    boolean clone = OciRuntime.text(process.resolve("cmdline")).contains("-incoming");
    runtime().call("delete", "--force", id).succeeded();
    return clone;
  }

  private TestBundle sleeper() throws Exception {
    return sandbox().bundle().script("exec sleep 1000000");
  }

  @Test
  void theFirstContainerHasATemplateMadeAndTheOthersUseIt() throws Exception {
    assertEquals(List.of(), names());
    assertTrue(isClone(sleeper()));
    List<String> made = names();
    assertEquals(1, made.size(), made::toString);

    assertTrue(isClone(sleeper()));
    assertEquals(made, names());
    assertEquals(made.get(0), make());
    assertEquals("all are sound\n", runtime().call("template", "verify").succeeded().out());

    runtime().call("template", "remove", made.get(0)).succeeded();
    assertEquals(List.of(), names());
    runtime()
        .refuses("template: " + made.get(0) + " does not exist", "template", "remove", made.get(0));
  }

  @Test
  void whoeverDoesNotWantThatGetsAMachineThatIsBooted() throws Exception {
    sandbox().allow("dev.limpid.template");
    assertFalse(isClone(sleeper().annotation("dev.limpid.template", "never")));
    configure("template", "never");
    assertFalse(isClone(sleeper()));
    assertEquals(List.of(), names());
    assertTrue(isClone(sleeper().annotation("dev.limpid.template", "auto")));
  }

  @Test
  void anUnusualSizeHasToBeWantedTwice() throws Exception {
    sandbox().allow("dev.limpid.memory");
    assertFalse(isClone(sleeper().annotation("dev.limpid.memory", "200")));
    assertEquals(List.of(), names());
    assertTrue(isClone(sleeper().annotation("dev.limpid.memory", "200")));
    assertEquals(1, names().size());
    make("--vcpus", "2");
    assertEquals(2, names().size());
    assertTrue(isClone(twoProcessors("exec sleep 1000000")));
    assertEquals("2\n", run(twoProcessors("grep -c ^processor /proc/cpuinfo")));
  }

  private TestBundle twoProcessors(String script) throws Exception {
    JsonObject resources = Json.object("{\"cpu\": {\"quota\": 200000, \"period\": 100000}}");
    return sandbox().bundle().linux(linux -> linux.with("resources", resources)).script(script);
  }

  /** As privileged as there are, without a pid namespace: process 1 is the mini-OS's. */
  private TestBundle nosy(String... lines) throws Exception {
    return sandbox()
        .bundle()
        .withoutNamespaces("pid")
        .process(process -> process.with("noNewPrivileges", false))
        .capabilities(
            List.of("bounding", "effective", "permitted", "inheritable"),
            Capabilities.KNOWN.toArray(new String[0]))
        .script(lines);
  }

  @Test
  void clonesHaveNothingInCommon() throws Exception {
    // What one that is booted has mounted, in the mini-OS.
    configure("template", "never");
    String mounts = run(nosy(MOUNTS));
    configure("template", "auto");
    make();
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < CLONES; i++) {
      String told =
          run(
              nosy(
                  MOUNTS,
                  "date +%s",
                  "cat /proc/sys/kernel/random/uuid",
                  "cat /proc/sys/kernel/random/boot_id",
                  "cat /proc/1/root/etc/machine-id",
                  "head -c 16 /dev/urandom | hexdump -e '\"%x\"'"));
      assertTrue(told.startsWith(mounts), () -> told + "does not begin with\n" + mounts);
      String[] lines = told.substring(mounts.length()).split("\n");
      assertEquals(5, lines.length, () -> String.join("\n", lines));
      long off = Instant.now().getEpochSecond() - Long.parseLong(lines[0]);
      assertTrue(Math.abs(off) < CLOCK_SECONDS, () -> "the clock is off by " + off + " s");
      assertTrue(lines[3].matches("[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}"), lines[3]);
      for (String line : List.of(lines).subList(1, lines.length)) {
        assertTrue(seen.add(line), () -> "two clones have " + line);
      }
    }
    System.out.println(CLONES + " clones, " + seen.size() + " different words");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cut", "zeros", "state", "mode", "gone"})
  void aTemplateThatIsOfNoUseCostsTimeOnly(String damage) throws Exception {
    Path folder = templates.resolve(make());
    switch (damage) {
      case "cut" -> size(folder.resolve("memory"), 1 << 20);
      case "zeros" -> {
        long bytes = Files.size(folder.resolve("memory"));
        size(folder.resolve("memory"), 0);
        size(folder.resolve("memory"), bytes);
      }
      case "state" -> size(folder.resolve("state"), 1000);
      case "mode" ->
          runtime()
              .toEnd(new ProcessBuilder("chmod", "666", folder.resolve("state").toString()))
              .succeeded();
      default -> Files.delete(folder.resolve("memory"));
    }

    assertEquals("fine\n", run(sandbox().bundle().script("echo fine")));

    assertEquals(List.of(), names(), "it is not tried again");
    // Nor is another one made at once, unless somebody wants that.
    assertFalse(isClone(sleeper()));
    make();
    assertTrue(isClone(sleeper()));
  }

  private static void size(Path file, long bytes) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(bytes);
    }
  }

  /** As engines do it: then the socket is gone. */
  private static boolean takeOneConnection(Path socket) throws IOException {
    Path aside = socket.resolveSibling("listening");
    try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listener.bind(UnixDomainSocketAddress.of(aside));
      Files.move(aside, socket);
      try (SocketChannel connection = listener.accept()) {
        Files.delete(socket);
        return connection.isConnected();
      }
    }
  }

  @Test
  void nobodyElseNoticesThatAVirtualMachineWasStartedAgain() throws Exception {
    size(templates.resolve(make()).resolve("state"), 1000);
    Path hooks = sandbox().path("hooks");
    Path socket = sandbox().path("console");
    Path bundle =
        sleeper()
            .terminal()
            .edit(
                config ->
                    config.with(
                        "hooks",
                        Json.object(
                            "{\"createRuntime\": [{\"path\": \"/bin/sh\", \"args\":"
                                + " [\"sh\", \"-c\", \"echo ran >> "
                                + hooks
                                + "\"]}]}")))
            .write();
    String id = sandbox().id();
    FutureTask<Boolean> engine = new FutureTask<>(() -> takeOneConnection(socket));
    new Thread(engine).start();
    Await.until("the engine listens", () -> Files.exists(socket));
    runtime()
        .call("create", "--bundle", bundle.toString(), "--console-socket", socket.toString(), id)
        .succeeded();
    assertTrue(engine.get(10, TimeUnit.SECONDS));
    assertEquals("ran\n", Files.readString(hooks));
    assertEquals("created", runtime().status(id));
    runtime().call("start", id).succeeded();
    assertEquals("running", runtime().status(id));
    runtime().call("delete", "--force", id).succeeded();
    sandbox().assertNothingIsLeft();
  }

  @Test
  void whatIsNotTheTemplatesFaultLeavesItAlone() throws Exception {
    String name = make();
    Path bundle = sleeper().terminal().write();
    String nowhere = sandbox().path("nowhere").toString();

    runtime()
        .call("create", "--bundle", bundle.toString(), "--console-socket", nowhere, sandbox().id())
        .exited(1);

    assertEquals(List.of(name), names());
    assertTrue(isClone(sleeper()));
    sandbox().assertNothingIsLeft();
  }

  @Test
  void verifyFindsWhatIsOfNoUse() throws Exception {
    Path folder = templates.resolve(make());
    size(folder.resolve("state"), 1000);

    Outcome found = runtime().call("template", "verify").exited(1);
    assertTrue(found.out().contains(folder.getFileName() + ": QEMU exited"), found::toString);
    runtime().call("template", "verify", "--repair").exited(1);
    assertEquals(List.of(), names());
    assertEquals("all are sound\n", runtime().call("template", "verify").succeeded().out());
  }

  @Test
  void manyAtOnceMakeOneTemplate() throws Exception {
    List<Process> all = new ArrayList<>();
    for (int i = 0; i < AT_ONCE; i++) {
      Path bundle = sandbox().bundle().script("exit 7").write();
      all.add(
          sandbox()
              .start(
                  runtime()
                      .verb("run", "--bundle", bundle.toString(), sandbox().id())
                      .redirectErrorStream(true)
                      .redirectOutput(sandbox().path("output").toFile())));
    }
    for (Process each : all) {
      assertTrue(each.waitFor(120, TimeUnit.SECONDS));
      assertEquals(7, each.exitValue());
    }
    assertEquals(1, names().size());
  }

  @Test
  void whereverAVerbIsKilledTheStoreIsSound() throws Exception {
    Random random = new Random(20261126);
    int made = 0;
    for (int i = 0; i < DEATHS; i++) {
      if (i % 2 == 0) {
        runtime().call("template", "remove", "--all");
      }
      String id = sandbox().id();
      Process verb =
          sandbox()
              .start(
                  runtime()
                      .verb("create", "--bundle", sleeper().write().toString(), id)
                      .redirectInput(Path.of("/dev/null").toFile())
                      .redirectErrorStream(true)
                      .redirectOutput(sandbox().path("output").toFile()));
      Thread.sleep(random.nextInt(4000));
      verb.destroyForcibly().waitFor();
      runtime().call("delete", "--force", id).succeeded();
      for (String name : names()) {
        made++;
        assertTrue(
            runtime().call("template", "verify").status() == 0, () -> name + " is of no use");
      }
    }
    System.out.println(DEATHS + " deaths, a template after " + made);
    runtime().call("template", "remove", "--all").succeeded();
    assertEquals("fine\n", run(sandbox().bundle().script("echo fine")));
    assertEquals(names(), entries(), "nothing half-made is left once one has been made");
  }

  private List<String> entries() throws IOException {
    List<String> entries = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(templates)) {
      for (Path each : all) {
        if (!each.getFileName().toString().equals("lock")) {
          entries.add(each.getFileName().toString());
        }
      }
    }
    return entries;
  }
}
