package dev.limpid.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Each option of update is a member of an OCI LinuxResources object. */
class UpdateCommandTest {
  @ParameterizedTest
  @CsvSource({
    "--blkio-weight, 10, blockIO, weight",
    "--cpu-period, 100000, cpu, period",
    "--cpu-quota, -1, cpu, quota",
    "--cpu-share, 0, cpu, shares",
    "--cpu-rt-period, 7, cpu, realtimePeriod",
    "--cpu-rt-runtime, 7, cpu, realtimeRuntime",
    "--cpu-idle, 1, cpu, idle",
    "--memory, 9223372036854775807, memory, limit",
    "--memory-reservation, 7, memory, reservation",
    "--memory-swap, -1, memory, swap",
    "--pids-limit, 7, pids, limit"
  })
  void isANumber(String option, String value, String section, String member) {
    assertEquals("{\"" + section + "\":{\"" + member + "\":" + value + "}}", limits(option, value));
  }

  @ParameterizedTest
  @CsvSource({"--cpuset-cpus, cpus", "--cpuset-mems, mems"})
  void isAText(String option, String member) {
    assertEquals("{\"cpu\":{\"" + member + "\":\"0-3\"}}", limits(option, "0-3"));
  }

  @Test
  void severalAreOneObject() {
    assertEquals(
        "{\"cpu\":{\"period\":1,\"quota\":2},\"memory\":{\"limit\":3}}",
        limits("--cpu-period", "1", "--cpu-quota", "2", "--memory", "3"));
  }

  @Test
  void whatIsAcceptedOnlyIsNoMember() {
    assertEquals("{}", limits());
    assertEquals("{}", limits("--kernel-memory", "1", "--kernel-memory-tcp", "2"));
  }

  private static String limits(String... options) {
    UpdateCommand command = new UpdateCommand();
    String[] arguments = new String[options.length + 1];
    System.arraycopy(options, 0, arguments, 0, options.length);
    arguments[options.length] = "web";
    new CommandLine(command).parseArgs(arguments);
    return command.limits.toString();
  }
}
