package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The standard streams of a container without a terminal. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class StdioIT extends Behaviour {
  private static final Path NOTHING = Path.of("/dev/null");

  private ProcessBuilder run(String... lines) throws Exception {
    return runtime().verb("run", "--bundle", script(lines).toString(), sandbox().id());
  }

  @Test
  void whatGoesInComesOutUnchanged() throws Exception {
    byte[] data = new byte[64 << 20];
    new Random(1).nextBytes(data);
    ProcessBuilder builder = run("cat").redirectError(sandbox().path("err").toFile());
    Process process = sandbox().start(builder);
    CompletableFuture<Void> writer =
        CompletableFuture.runAsync(
            () -> {
              try (OutputStream in = process.getOutputStream()) {
                in.write(data);
              } catch (IOException failed) {
                throw new UncheckedIOException(failed);
              }
            });
    byte[] back = process.getInputStream().readAllBytes();
    assertEquals(0, process.waitFor());
    writer.get();
    assertEquals(data.length, back.length);
    assertTrue(Arrays.equals(data, back));
  }

  @Test
  void outputAndErrorsStayApart() throws Exception {
    ProcessBuilder run = run("echo out; echo err >&2; echo more out; exit 5");
    Outcome outcome = runtime().toEnd(run.redirectInput(NOTHING.toFile())).exited(5);
    assertEquals("out\nmore out\n", outcome.out());
    assertEquals("err\n", outcome.err());
  }

  @Test
  void inputIsReadAsItComesAndToItsEnd() throws Exception {
    Process process =
        sandbox()
            .start(
                run("while read -r line; do echo \"<$line>\"; done; echo end")
                    .redirectError(sandbox().path("err").toFile()));
    try (var out = process.inputReader()) {
      try (var in = process.outputWriter()) {
        for (String line : List.of("one", "two")) {
          in.write(line + "\n");
          in.flush();
          assertEquals("<" + line + ">", out.readLine());
        }
      }
      assertEquals("end", out.readLine());
      assertEquals(0, process.waitFor());
    }
  }

  @Test
  void errorsPassAnOutputThatNobodyReads() throws Exception {
    Process process =
        sandbox()
            .start(
                run(
                        "head -c 4194304 /dev/zero &",
                        "head -c 1048576 /dev/zero >&2",
                        "echo end >&2",
                        "wait")
                    .redirectInput(NOTHING.toFile()));
    assertEquals("end\n", after(1 << 20, process.getErrorStream()));
    assertEquals(4 << 20, process.getInputStream().readAllBytes().length);
    assertEquals(0, process.waitFor());
  }

  @Test
  void outputPassesErrorsThatNobodyReads() throws Exception {
    Process process =
        sandbox()
            .start(
                run(
                        "head -c 4194304 /dev/zero >&2 &",
                        "head -c 1048576 /dev/zero",
                        "echo end",
                        "wait")
                    .redirectInput(NOTHING.toFile()));
    assertEquals("end\n", after(1 << 20, process.getInputStream()));
    assertEquals(4 << 20, process.getErrorStream().readAllBytes().length);
    assertEquals(0, process.waitFor());
  }

  @Test
  void allOutputComesOfAProcessThatEndsAtOnce() throws Exception {
    Process process =
        sandbox()
            .start(
                run("head -c 1048576 /dev/zero; head -c 1048576 /dev/zero >&2")
                    .redirectInput(NOTHING.toFile()));
    CompletableFuture<byte[]> err =
        CompletableFuture.supplyAsync(() -> all(process.getErrorStream()));
    assertEquals(1 << 20, process.getInputStream().readAllBytes().length);
    assertEquals(1 << 20, err.get().length);
    assertEquals(0, process.waitFor());
  }

  /** What comes after so many bytes: the four bytes of a line. */
  private static String after(int bytes, InputStream in) throws IOException {
    assertEquals(bytes, in.readNBytes(bytes).length);
    return new String(in.readNBytes(4), StandardCharsets.UTF_8);
  }

  private static byte[] all(InputStream in) {
    try {
      return in.readAllBytes();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  @Test
  void aReaderThatIsGoneEndsTheWriter() throws Exception {
    Process process =
        sandbox().start(run("yes; echo \"yes: $?\" >&2").redirectInput(NOTHING.toFile()));
    try (InputStream out = process.getInputStream()) {
      assertEquals('y', out.read());
    }
    String err = new String(all(process.getErrorStream()), StandardCharsets.UTF_8);
    assertTrue(err.contains("yes: "), err);
    assertEquals(0, process.waitFor());
  }

  @Test
  void filesCanBeTheStreams() throws Exception {
    byte[] data = new byte[300_000];
    new Random(2).nextBytes(data);
    Path in = Files.write(sandbox().path("in"), data);
    Path out = sandbox().path("out");
    Process process =
        sandbox()
            .start(
                run("cat")
                    .redirectInput(in.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD));
    assertEquals(0, process.waitFor());
    assertArrayEquals(data, Files.readAllBytes(out));
  }

  @Test
  void theStreamsOfCreateAreTheContainers() throws Exception {
    String id = sandbox().id();
    Path in = Files.writeString(sandbox().path("in"), "one\ntwo\n");
    Path out = sandbox().path("out");
    Path err = sandbox().path("err");
    Path bundle = script("read -r line; echo \"<$line>\"; cat >&2");
    Process create =
        sandbox()
            .start(
                runtime()
                    .verb("create", "--bundle", bundle.toString(), id)
                    .redirectInput(in.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile()));
    assertEquals(0, create.waitFor());
    assertEquals("", Files.readString(out));
    runtime().call("start", id).succeeded();
    runtime().awaitStatus(id, "stopped");
    Await.until("all is written", () -> Files.readString(err).equals("two\n"));
    assertEquals("<one>\n", Files.readString(out));
  }

  @Test
  void aFileAsOutputIsAppendedToIfTheCallerSaysSo() throws Exception {
    Path out = Files.writeString(sandbox().path("out"), "before\n");
    Process process =
        sandbox()
            .start(
                run("echo after")
                    .redirectInput(NOTHING.toFile())
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(out.toFile())));
    assertEquals(0, process.waitFor());
    assertEquals("before\nafter\n", Files.readString(out));
  }

  @Test
  void noInputIsAnEmptyInput() throws Exception {
    Outcome outcome =
        runtime().toEnd(run("cat; echo end").redirectInput(NOTHING.toFile())).succeeded();
    assertEquals("end\n", outcome.out());
  }

  @Test
  void aClosedInputIsAnEmptyInput() throws Exception {
    Outcome outcome = withShell("exec \"$@\" <&-", run("cat; echo end")).succeeded();
    assertEquals("end\n", outcome.out());
  }

  @Test
  void closedOutputsAreNoHindrance() throws Exception {
    withShell("exec \"$@\" >&- 2>&-", run("echo out; echo err >&2; exit 6")).exited(6);
  }

  /** Starts it by way of a shell, which can do more to descriptors than Java. */
  private Outcome withShell(String script, ProcessBuilder run) throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", "-c", script, "-"));
    command.addAll(run.command());
    return runtime().toEnd(runtime().program(command).redirectInput(NOTHING.toFile()));
  }
}
