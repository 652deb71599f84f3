package dev.limpid.engine.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.Json;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonWriter;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What steps become in a trace; its clock goes on by a microsecond whenever somebody looks. */
class RecordedTraceTest {
  private static final int PID = 100;
  private static final int SHIM = 200;

  /** What {@link System#nanoTime} says has nothing to do with the time of the wall. */
  private long nanos = -5000;

  private final TraceClock clock =
      new TraceClock(
          Clock.fixed(Instant.ofEpochSecond(1, 999_999), ZoneOffset.UTC), () -> nanos += 1000);

  private final RecordedTrace trace = new RecordedTrace(clock, PID, "limpid run", 1_000_000);

  private List<String> events(JsonObject document) {
    List<String> events = new ArrayList<>();
    for (JsonCursor event : JsonCursor.root("trace", document).required("traceEvents").elements()) {
      if (event.requiredString("ph").equals("X")) {
        long begin = event.required("ts").asInt64() - 1_000_999;
        events.add(
            event.requiredString("name")
                + " "
                + begin
                + "-"
                + (begin + event.required("dur").asInt64()));
      }
    }
    return events;
  }

  @Test
  void theDocumentIsAsViewersReadIt() {
    trace.beginInVm(SHIM, "workload").close();

    assertEquals(
        Json.of(
            "{'traceEvents':["
                + "{'ph':'M','pid':100,'tid':100,'name':'process_name','args':{'name':'limpid'}},"
                + "{'ph':'M','pid':100,'tid':100,'name':'process_sort_index',"
                + "'args':{'sort_index':0}},"
                + "{'ph':'M','pid':100,'tid':100,'name':'thread_name','args':{'name':'limpid'}},"
                + "{'ph':'M','pid':200,'tid':200,'name':'process_name',"
                + "'args':{'name':'virtual machine'}},"
                + "{'ph':'M','pid':200,'tid':200,'name':'process_sort_index',"
                + "'args':{'sort_index':1}},"
                + "{'ph':'M','pid':200,'tid':200,'name':'thread_name',"
                + "'args':{'name':'virtual machine'}},"
                + "{'ph':'X','pid':100,'tid':100,'ts':1000000,'dur':1002,'cat':'host',"
                + "'name':'limpid run','args':{'status':7}},"
                + "{'ph':'X','pid':200,'tid':200,'ts':1001000,'dur':1,'cat':'guest',"
                + "'name':'workload','args':{}}],"
                + "'displayTimeUnit':'ms'}"),
        trace.end(JsonObject.builder().put("status", 7).build()));
  }

  @Test
  @SuppressWarnings("try") // Steps are ended, not used.
  void stepsThatBeginInAnotherLieInside() {
    try (Step outer = trace.begin("outer")) {
      try (Step first = trace.begin("first")) {
        trace.begin("innermost").close();
      }
      trace.begin("second").close();
    }
    trace.begin("after").close();

    assertEquals(
        List.of(
            "limpid run -999-11",
            "outer 1-8",
            "first 2-5",
            "innermost 3-4",
            "second 6-7",
            "after 9-10"),
        events(trace.end(JsonObject.empty())));
  }

  @Test
  void whatPassedBeforeIsNoted() {
    trace.passed("start of the JVM", 1_000_009, 1_000_999);

    assertEquals(
        List.of("limpid run -999-1", "start of the JVM -990-0"),
        events(trace.end(JsonObject.empty())));
  }

  @Test
  @SuppressWarnings("try") // Steps are ended, not used.
  void aStepThatFailsEndsThere() {
    assertThrows(
        EngineException.class,
        () -> {
          try (Step outer = trace.begin("outer");
              Step inner = trace.begin("inner")) {
            throw new EngineException("no");
          }
        });

    assertEquals(
        List.of("limpid run -999-5", "outer 1-4", "inner 2-3"),
        events(trace.end(JsonObject.empty())));
  }

  @Test
  void whatHasNotEndedEndsWithTheVerb() {
    trace.begin("open");

    assertEquals(List.of("limpid run -999-2", "open 1-2"), events(trace.end(JsonObject.empty())));
  }

  @Test
  void aStepEndsOnce() {
    Step step = trace.begin("step");
    step.close();
    step.close();

    assertEquals(List.of("limpid run -999-4", "step 1-2"), events(trace.end(JsonObject.empty())));
  }

  @Test
  void whateverAMessageSaysItStaysInItsPlace() {
    String message = "\"}]\n\t\\ \u0000\ud800 ü";
    JsonObject outcome = JsonObject.builder().put("failure", message).build();

    JsonCursor read =
        JsonCursor.root("trace", Json.parse(JsonWriter.compact().write(trace.end(outcome))));

    List<JsonCursor> events = read.required("traceEvents").elements();
    assertEquals(message, events.get(events.size() - 1).required("args").requiredString("failure"));
  }

  @Test
  void nobodyAsksForMostTraces() {
    Step step = Trace.NONE.begin("one");
    step.close();

    assertEquals(step, Trace.NONE.beginInVm(SHIM, "other"));
  }

  @Test
  void theWallsClockMayBeSetMeanwhile() {
    List<Instant> wall = new ArrayList<>(List.of(Instant.ofEpochSecond(5), Instant.EPOCH));
    TraceClock steady = new TraceClock(tellingInTurn(wall), () -> 7_000);

    assertEquals(5_000_000, steady.now());
    assertEquals(5_000_002, steady.at(9_999));
    assertEquals(4_999_998, steady.at(5_001));
  }

  private static Clock tellingInTurn(List<Instant> times) {
    return new Clock() {
      @Override
      public ZoneId getZone() {
        return ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(ZoneId zone) {
        return this;
      }

      @Override
      public Instant instant() {
        return times.remove(0);
      }
    };
  }
}
