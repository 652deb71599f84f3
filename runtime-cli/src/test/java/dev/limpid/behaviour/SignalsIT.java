package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Signals by every name and number: the container's program tells which it has got. */
final class SignalsIT extends SharedContainer {
  private int told;

  @Override
  void describe(TestBundle bundle) {
    bundle.script(
        // All its children come first: SIGCHLD shall be of the test alone.
        "mkfifo /tmp/pipe; exec 3<>/tmp/pipe",
        "for number in $(seq 1 31) $(seq 34 64); do",
        "  case $number in 9|19) ;; *) trap \"echo $number\" $number;; esac",
        "done",
        "echo ready",
        "while :; do read -r -t 60 line <&3; done");
  }

  @BeforeAll
  void awaitTraps() throws Exception {
    assertSaysNext("ready");
  }

  /** That the program's next line is this, and that there is no other yet. */
  private void assertSaysNext(String line) throws Exception {
    List<String> lines = new ArrayList<>();
    Await.until(
        "the program says " + line,
        () -> {
          lines.clear();
          lines.addAll(output().lines().toList());
          return lines.size() > told;
        });
    assertEquals(List.of(line), lines.subList(told, lines.size()));
    told = lines.size();
  }

  @ParameterizedTest
  @CsvSource({
    "HUP, 1",
    "SIGINT, 2",
    "quit, 3",
    "sigill, 4",
    "SigTrap, 5",
    "ABRT, 6",
    "BUS, 7",
    "FPE, 8",
    "USR1, 10",
    "SEGV, 11",
    "usr2, 12",
    "PIPE, 13",
    "ALRM, 14",
    "SIGTERM, 15",
    "STKFLT, 16",
    "CHLD, 17",
    "CONT, 18",
    "TSTP, 20",
    "TTIN, 21",
    "TTOU, 22",
    "URG, 23",
    "XCPU, 24",
    "XFSZ, 25",
    "VTALRM, 26",
    "PROF, 27",
    "SIGWINCH, 28",
    "IO, 29",
    "PWR, 30",
    "SYS, 31"
  })
  void aSignalHasAName(String name, int number) throws Exception {
    runtime().call("kill", id(), name).succeeded();
    assertSaysNext(Integer.toString(number));
  }

  static IntStream numbers() {
    return IntStream.concat(IntStream.of(1, 3, 12, 28), IntStream.rangeClosed(34, 64));
  }

  @ParameterizedTest
  @MethodSource("numbers")
  void aSignalHasANumber(int number) throws Exception {
    runtime().call("kill", id(), Integer.toString(number)).succeeded();
    assertSaysNext(Integer.toString(number));
  }

  @ParameterizedTest
  @CsvSource({"RTMIN, 34", "SIGRTMIN+3, 37", "rtmax-2, 62", "SIGRTMAX, 64"})
  void aRealTimeSignalHasAName(String name, int number) throws Exception {
    runtime().call("kill", id(), name).succeeded();
    assertSaysNext(Integer.toString(number));
  }

  @Test
  void withoutANameItIsTerm() throws Exception {
    runtime().call("kill", id()).succeeded();
    assertSaysNext("15");
  }

  @Test
  void zeroOnlyAsksWhetherThereIsAProcess() throws Exception {
    runtime().call("kill", id(), "0").succeeded();
    runtime().call("kill", id(), "10").succeeded();
    assertSaysNext("10");
  }

  @ParameterizedTest
  @ValueSource(strings = {"65", "1000", "NOSUCH", "SIG", "SIGRTMAX+1", "RTMIN+31"})
  void whatIsNoSignalIsRefused(String name) throws Exception {
    runtime().call("kill", id(), name).exited(1);
    runtime().call("kill", id(), "10").succeeded();
    assertSaysNext("10");
  }

  @Test
  void stopHaltsAndContContinues() throws Exception {
    runtime().call("kill", id(), "STOP").succeeded();
    Await.until("it has stopped", () -> shell("cut -d' ' -f3 /proc/1/stat").equals("T\n"));
    runtime().call("kill", id(), "CONT").succeeded();
    assertSaysNext("18");
    assertEquals("S\n", shell("cut -d' ' -f3 /proc/1/stat"));
  }

  @Test
  void allReachesProcessesThatExecHasStarted() throws Exception {
    exec(
            "--detach",
            id(),
            "sh",
            "-c",
            "trap 'echo got > /tmp/got; exit' USR1; echo > /tmp/up; while :; do sleep 0.05; done")
        .succeeded();
    Await.until("it is up", () -> exec(id(), "test", "-e", "/tmp/up").status() == 0);
    runtime().call("kill", "--all", id(), "USR1").succeeded();
    assertSaysNext("10");
    Await.until("it has got it", () -> exec(id(), "test", "-e", "/tmp/got").status() == 0);
  }
}
