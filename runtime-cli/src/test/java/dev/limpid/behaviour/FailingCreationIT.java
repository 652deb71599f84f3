package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** Containers that can't be made: create says why, in words that callers look for. */
final class FailingCreationIT extends Behaviour {
  /** Has create fail for a reason, and nothing left of it: not even a pid file. */
  private void assertFails(String reason, TestBundle bundle) throws Exception {
    String directory = bundle.write().toString();
    List<String> before = Sandbox.entries(bundle.directory());
    Path pidFile = sandbox().path("pid");
    String id = sandbox().id();
    Outcome outcome =
        runtime()
            .call("create", "--bundle", directory, "--pid-file", pidFile.toString(), id)
            .exited(1);
    String said = (outcome.out() + outcome.err()).strip();
    assertTrue(said.contains(reason), outcome::toString);
    assertTrue(said.lines().count() == 1, outcome::toString);
    assertTrue(Files.notExists(pidFile));
    assertEquals(before, Sandbox.entries(bundle.directory()));
    sandbox().assertNothingIsLeft();
  }

  @Test
  void aProgramThatDoesNotExist() throws Exception {
    assertFails("no such file or directory", sandbox().bundle().args("/bin/no-such-program"));
  }

  @Test
  void aProgramThatIsNowhereInThePath() throws Exception {
    assertFails("executable file not found in $PATH", sandbox().bundle().args("no-such-program"));
  }

  @Test
  void aProgramThatIsNotExecutable() throws Exception {
    assertFails("permission denied", sandbox().bundle().args("/etc/plain"));
  }

  @Test
  void aDirectoryAsProgram() throws Exception {
    assertFails("permission denied", sandbox().bundle().args("/etc"));
  }

  @Test
  void aProgramBelowAFile() throws Exception {
    assertFails("not a directory", sandbox().bundle().args("/etc/plain/program"));
  }

  @Test
  void aWorkingDirectoryThatIsAFile() throws Exception {
    assertFails("not a directory", sandbox().bundle().process(p -> p.with("cwd", "/etc/plain")));
  }

  @Test
  void aRelativeWorkingDirectory() throws Exception {
    TestBundle bundle = sandbox().bundle().process(p -> p.with("cwd", "etc"));
    Outcome outcome =
        runtime().call("create", "-b", bundle.write().toString(), sandbox().id()).exited(1);
    assertTrue(outcome.err().toLowerCase(Locale.ROOT).contains("cwd"), outcome::toString);
    assertTrue(outcome.err().contains("absolute path"), outcome::toString);
  }

  @Test
  void aRootFilesystemThatDoesNotExist() throws Exception {
    assertFails(
        "no such file or directory", sandbox().bundle().root(r -> r.with("path", "elsewhere")));
  }

  @Test
  void aBindMountOfNothing() throws Exception {
    Path source = sandbox().path("nothing");
    assertFails(
        "no such file or directory",
        sandbox().bundle().mount("/mnt", "bind", source.toString(), "rbind"));
  }

  @Test
  void aProgramWithoutAName() throws Exception {
    assertFails("args", sandbox().bundle().args());
  }

  @Test
  void aBundleThatIsNone() throws Exception {
    Path empty = Files.createDirectory(sandbox().path("empty"));
    Outcome outcome =
        runtime().call("create", "--bundle", empty.toString(), sandbox().id()).exited(1);
    assertTrue(
        outcome.err().contains("JSON specification file") && outcome.err().contains("not found"),
        outcome::toString);
    sandbox().assertNothingIsLeft();
  }

  @Test
  void runFailsLikeCreate() throws Exception {
    Path bundle = sandbox().bundle().args("no-such-program").write();
    for (List<String> run : List.of(List.of("run"), List.of("run", "--detach"))) {
      List<String> arguments = new ArrayList<>(run);
      arguments.addAll(List.of("--bundle", bundle.toString(), sandbox().id()));
      Outcome outcome = runtime().call(arguments.toArray(new String[0])).exited(1);
      assertTrue(outcome.err().contains("executable file not found in $PATH"), outcome::toString);
      sandbox().assertNothingIsLeft();
    }
  }

  @Test
  void anIdCanBeUsedAgainAfterAFailure() throws Exception {
    String id = sandbox().id();
    TestBundle bundle = sandbox().bundle().args("no-such-program");
    runtime().call("create", "--bundle", bundle.write().toString(), id).exited(1);
    bundle.args("/bin/true");
    runtime().call("run", "--bundle", bundle.write().toString(), id).succeeded();
  }
}
