package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonCursor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the command line takes and refuses. */
final class CommandLineIT extends Behaviour {
  private Outcome withoutRoot(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(OciRuntime.executable().toString());
    command.addAll(List.of(arguments));
    return runtime().toEnd(runtime().program(command).redirectInput(Path.of("/dev/null").toFile()));
  }

  @Test
  void theVersionIsOnStandardOutputAlone() throws Exception {
    Outcome outcome = withoutRoot("--version").succeeded();
    assertEquals("", outcome.err());
    assertTrue(outcome.lines()[0].matches("[a-z]+ version \\S+"), outcome::toString);
    assertTrue(outcome.out().lines().anyMatch(line -> line.matches("commit: \\S+")));
    assertTrue(outcome.out().lines().anyMatch(line -> line.matches("spec: 1\\.\\d+\\.\\d+.*")));
    assertEquals(outcome.out(), withoutRoot("-v").succeeded().out());
  }

  @Test
  void theFeaturesAreOnStandardOutputAlone() throws Exception {
    Outcome outcome = withoutRoot("features").succeeded();
    assertEquals("", outcome.err());
    JsonCursor features = Json.read(outcome.out());
    assertTrue(features.requiredString("ociVersionMin").startsWith("1."));
    assertTrue(features.requiredString("ociVersionMax").startsWith("1."));
    assertTrue(features.required("hooks").asStrings().contains("poststop"));
    assertTrue(features.required("mountOptions").asStrings().contains("rbind"));
    assertTrue(features.required("linux").required("namespaces").asStrings().contains("pid"));
  }

  @Test
  void theFeaturesNameWhatContainersCanHave() throws Exception {
    JsonCursor features = Json.read(withoutRoot("features").succeeded().out());
    for (String hook : List.of("prestart", "createRuntime", "startContainer", "poststart")) {
      assertTrue(features.required("hooks").asStrings().contains(hook), hook);
    }
    JsonCursor linux = features.required("linux");
    for (String namespace : List.of("cgroup", "ipc", "mount", "network", "user", "uts")) {
      assertTrue(linux.required("namespaces").asStrings().contains(namespace), namespace);
    }
    assertTrue(linux.required("capabilities").asStrings().contains("CAP_SYS_ADMIN"));
    assertTrue(linux.required("cgroup").required("v2").asBoolean());
    JsonCursor seccomp = linux.required("seccomp");
    assertTrue(seccomp.required("enabled").asBoolean());
    assertTrue(seccomp.required("actions").asStrings().contains("SCMP_ACT_ERRNO"));
    assertTrue(seccomp.required("operators").asStrings().contains("SCMP_CMP_MASKED_EQ"));
    assertTrue(seccomp.required("archs").asStrings().contains("SCMP_ARCH_X86_64"));
  }

  @Test
  void aListOfNothingIsAnEmptyArray() throws Exception {
    assertEquals("[]", runtime().call("list", "--format", "json").succeeded().out().strip());
  }

  @Test
  void specWritesAConfigurationThatRuns() throws Exception {
    Path bundle = sandbox().bundle().directory();
    Outcome outcome = runtime().call("spec", "--bundle", bundle.toString()).succeeded();
    assertEquals("", outcome.out() + outcome.err());
    Path file = bundle.resolve("config.json");
    String text = Files.readString(file);
    assertTrue(Json.read(text).required("process").required("terminal").asBoolean());
    Files.writeString(
        file,
        text.replaceFirst("\"terminal\": true", "\"terminal\": false")
            .replaceFirst("\"sh\"", "\"echo\", \"hello\""));
    assertEquals(
        "hello\n",
        runtime().call("run", "--bundle", bundle.toString(), sandbox().id()).succeeded().out());
  }

  @Test
  void specOverwritesNothing() throws Exception {
    Path bundle = Files.createDirectory(sandbox().path("bundle"));
    Path file = Files.writeString(bundle.resolve("config.json"), "mine");
    runtime().refuses("exists. Remove it first", "spec", "--bundle", bundle.toString());
    assertEquals("mine", Files.readString(file));
  }

  @Test
  void specWritesToTheCurrentDirectory() throws Exception {
    Path bundle = Files.createDirectory(sandbox().path("bundle"));
    runtime().toEnd(runtime().verb("spec").directory(bundle.toFile())).succeeded();
    assertEquals(List.of("config.json"), Sandbox.entries(bundle));
  }

  @Test
  void globalFlagsDoNotSwallowTheVerb() throws Exception {
    String id = sandbox().id();
    runtime().refuses("container does not exist", "--debug", "state", id);
    runtime().refuses("container does not exist", "--debug=true", "state", id);
    runtime().refuses("container does not exist", "--rootless", "auto", "state", id);
    runtime().refuses("container does not exist", "--rootless=false", "state", id);
  }

  @Test
  @VmOnly
  void systemdsCgroupsAreAFlag() throws Exception {
    String id = sandbox().id();
    runtime().refuses("container does not exist", "--systemd-cgroup", "state", id);
    runtime().refuses("container does not exist", "--systemd-cgroup", "--debug", "state", id);
    runtime().refuses("container does not exist", "--systemd-cgroup=true", "state", id);
  }

  @Test
  void whatIsNoVerbIsRefused() throws Exception {
    Outcome outcome = runtime().call("no-such-verb");
    assertFalse(outcome.status() == 0, outcome::toString);
    runtime().call("state").exited(1);
    runtime().call("list", "--format", "xml").exited(1);
  }

  @Test
  void helpIsOnStandardOutput() throws Exception {
    for (String verb :
        List.of(
            "create",
            "run",
            "start",
            "kill",
            "delete",
            "state",
            "list",
            "exec",
            "ps",
            "pause",
            "resume",
            "update",
            "events",
            "spec",
            "features",
            "checkpoint",
            "restore")) {
      Outcome outcome = withoutRoot(verb, "--help").succeeded();
      assertTrue(outcome.out().contains(verb), outcome::toString);
      assertEquals("", outcome.err());
    }
    assertTrue(withoutRoot("--help").succeeded().out().contains("create"));
  }

  @Test
  void aLogInTextHasTheError() throws Exception {
    Path log = sandbox().path("log");
    runtime().call("--log", log.toString(), "state", sandbox().id()).exited(1);
    String text = Files.readString(log);
    assertTrue(text.contains("level=error"), text);
    assertTrue(text.contains("msg=\"container does not exist\""), text);
  }

  @Test
  @VmOnly
  void checkTellsWhatIsMissing() throws Exception {
    Outcome outcome = runtime().call("check", "--format", "json");
    assertEquals("", outcome.err());
    List<JsonCursor> findings = Json.read(outcome.out()).elements();
    boolean missing = false;
    for (JsonCursor finding : findings) {
      assertFalse(finding.requiredString("name").isEmpty());
      assertFalse(finding.requiredString("detail").isEmpty());
      missing |= finding.requiredString("verdict").equals("missing");
    }
    assertEquals(missing ? 1 : 0, outcome.status());
    Outcome text = runtime().call("check").exited(outcome.status());
    assertTrue(text.lines().length >= findings.size());
  }

  @Test
  @VmOnly
  void openFilesOfTheHostCannotBePassedIn() throws Exception {
    String bundle = script("true").toString();
    runtime()
        .refuses(
            "--preserve-fds: 1: not supported, an open file",
            "run",
            "--preserve-fds",
            "1",
            "--bundle",
            bundle,
            sandbox().id());
    sandbox().assertNothingIsLeft();
  }

  @Test
  @VmOnly
  void rootlessIsRefused() throws Exception {
    runtime().refuses("--rootless=true: not supported", "--rootless=true", "list");
    runtime().refuses("--rootless=true: not supported", "--rootless", "true", "list");
  }

  @Test
  @VmOnly
  void anUnknownKeyOfTheConfigurationIsNamed() throws Exception {
    Files.writeString(runtime().configuration(), "{\"memory\": 512}");
    runtime().refuses("memory: is not a key", "run", "--bundle", script("true").toString(), "any");
    Files.writeString(runtime().configuration(), "{\"memoryMiB\": \"512\"}");
    runtime().refuses("memoryMiB", "run", "--bundle", script("true").toString(), "any");
    Files.delete(runtime().configuration());
    runtime()
        .refuses("limpid.json does not exist", "run", "--bundle", script("true").toString(), "any");
    sandbox().assertNothingIsLeft();
  }

  @Test
  void namesMayBeLongAndOdd() throws Exception {
    // A socket's address holds 107 bytes.
    Path deep = sandbox().directory().resolve("a".repeat(120)).resolve("b".repeat(120));
    Path odd = sandbox().directory().resolve("a b,c:d=\u00e9\\'\"%s");
    TestBundle bundle =
        TestBundle.in(odd).mount("/mnt", "bind", odd.toString(), "bind", "ro").script("ls /mnt");
    ProcessBuilder run =
        runtime()
            .program(
                List.of(
                    OciRuntime.executable().toString(),
                    "--root",
                    deep.toString(),
                    "run",
                    "--bundle",
                    bundle.write().toString(),
                    sandbox().id()))
            .redirectInput(Path.of("/dev/null").toFile());
    assertEquals("config.json\nrootfs\n", runtime().toEnd(run).succeeded().out());
    assertEquals(List.of(), Sandbox.entries(deep));
  }

  @Test
  void namesMayBeRelative() throws Exception {
    TestBundle bundle =
        sandbox().bundle().mount("/mnt", "bind", "rootfs/etc", "bind").script("ls /mnt");
    Path directory = bundle.write();
    ProcessBuilder run =
        runtime()
            .program(
                List.of(
                    OciRuntime.executable().toString(),
                    "--root",
                    "state",
                    "--log",
                    "log",
                    "run",
                    "--pid-file",
                    "pid",
                    "--bundle",
                    "../" + directory.getFileName(),
                    sandbox().id()))
            .redirectInput(Path.of("/dev/null").toFile())
            .directory(Files.createDirectory(sandbox().path("elsewhere")).toFile());
    assertEquals("plain\n", runtime().toEnd(run).succeeded().out());
    assertTrue(Files.readString(run.directory().toPath().resolve("pid")).matches("[1-9][0-9]*"));
  }

  @Test
  @VmOnly
  void whatAMachineCannotHaveIsRefusedByName() throws Exception {
    refusesBundle(
        "mounts[7].source", sandbox().bundle().mount("/mnt", "bind", "/dev/null", "bind"));
    refusesBundle("namespaces", sandbox().bundle().withoutNamespaces("network"));
    refusesBundle("vm", sandbox().bundle().edit(c -> c.with("vm", Json.object(VM))));
    sandbox().assertNothingIsLeft();
  }

  private static final String VM = "{\"kernel\": {\"path\": \"/boot/vmlinuz\"}}";

  private void refusesBundle(String reason, TestBundle bundle) throws Exception {
    runtime().refuses(reason, "create", "--bundle", bundle.write().toString(), sandbox().id());
  }
}
