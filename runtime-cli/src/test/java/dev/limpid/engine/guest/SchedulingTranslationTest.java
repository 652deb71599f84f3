package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.Json;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.proto.Scheduling;
import dev.limpid.proto.Scheduling.IoPriorityAttributes;
import dev.limpid.proto.Scheduling.SchedulerAttributes;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names become the kernel's numbers. */
class SchedulingTranslationTest {
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = ';',
      value = {
        "'policy':'SCHED_ISO'; policy: can't be had: Linux has no such policy, found \"SCHED_ISO\"",
        "'policy':'SCHED_RR'; priority: must be above 0 with SCHED_FIFO and SCHED_RR alone",
        "'policy':'SCHED_FIFO','priority':0; priority: must be above 0 with SCHED_FIFO and SCHED_RR"
            + " alone, found 0",
        "'policy':'SCHED_OTHER','priority':1; priority: must be above 0 with SCHED_FIFO and SCHED_RR"
            + " alone, found 1",
        "'policy':'SCHED_BATCH','runtime':1; runtime: must be 0 but with SCHED_DEADLINE, found 1",
        "'policy':'SCHED_DEADLINE','period':9223372036854775808; period: must be at most"
            + " 9223372036854775807, found 9223372036854775808",
        "'policy':'SCHED_OTHER','flags':['SCHED_FLAG_RECLAIM']; flags[0]: can't be had but with"
            + " SCHED_DEADLINE, found \"SCHED_FLAG_RECLAIM\"",
        "'policy':'SCHED_OTHER','flags':['SCHED_FLAG_UTIL_CLAMP_MIN']; flags[0]: can't be had: there"
            + " is no field for its value, found \"SCHED_FLAG_UTIL_CLAMP_MIN\"",
      })
  void refuses(String members, String problem) {
    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class,
            () -> SchedulingTranslation.of(Json.config("{'scheduler':{" + members.strip() + "}}")));

    String path = "config.json: scheduler";
    assertEquals(
        problem.strip(),
        e.getMessage().replace(path + ".", "").replace(path + ": ", ""),
        e::getMessage);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = ';',
      value = {
        "'policy':'SCHED_OTHER'; 0 0 0 0 0 0 0",
        "'policy':'SCHED_OTHER','nice':-20; 0 0 -20 0 0 0 0",
        "'policy':'SCHED_FIFO','priority':99; 1 0 0 99 0 0 0",
        "'policy':'SCHED_RR','priority':1,'flags':['SCHED_FLAG_RESET_ON_FORK']; 2 1 0 1 0 0 0",
        "'policy':'SCHED_BATCH','nice':19; 3 0 19 0 0 0 0",
        "'policy':'SCHED_IDLE','flags':['SCHED_FLAG_KEEP_POLICY','SCHED_FLAG_KEEP_PARAMS'];"
            + " 5 24 0 0 0 0 0",
        "'policy':'SCHED_DEADLINE','runtime':1,'deadline':2,'period':9223372036854775807,"
            + "'flags':['SCHED_FLAG_RECLAIM','SCHED_FLAG_DL_OVERRUN'];"
            + " 6 6 0 0 1 2 9223372036854775807",
      })
  void translatesSchedulers(String members, String attributes) {
    SchedulerAttributes found =
        SchedulingTranslation.of(Json.config("{'scheduler':{" + members.strip() + "}}"))
            .scheduler()
            .orElseThrow();

    assertEquals(
        attributes.strip(),
        found.policy()
            + " "
            + found.flags()
            + " "
            + found.nice()
            + " "
            + found.priority()
            + " "
            + found.runtime()
            + " "
            + found.deadline()
            + " "
            + found.period());
  }

  @ParameterizedTest
  @CsvSource({"IOPRIO_CLASS_RT, 1, 0", "IOPRIO_CLASS_BE, 2, 7", "IOPRIO_CLASS_IDLE, 3, 4"})
  void translatesInputAndOutput(String name, int number, int priority) {
    Scheduling scheduling =
        SchedulingTranslation.of(
            Json.config("{'ioPriority':{'class':'" + name + "','priority':" + priority + "}}"));

    assertEquals(
        new Scheduling(Optional.empty(), Optional.of(new IoPriorityAttributes(number, priority))),
        scheduling);
  }

  @Test
  void theUsualNeedsNothing() {
    assertEquals(Scheduling.USUAL, SchedulingTranslation.of(Json.config("{'scheduler':null}")));
    assertEquals(
        Json.object("{'args':['x']}"),
        SchedulingTranslation.withoutScheduling(
            Json.object("{'args':['x'],'scheduler':{},'ioPriority':{}}")));
  }
}
