package dev.limpid.engine.trace;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Keeps the steps of one verb, for a document of Chrome's trace-event format, which
 * chrome://tracing and Perfetto show: the verb is one process there, each virtual machine that it
 * deals with another.
 */
public final class RecordedTrace implements Trace {
  private static final String HOST = "host";
  private static final String GUEST = "guest";

  private final TraceClock clock;
  private final long pid;
  private final List<Event> events = new ArrayList<>();
  private final Set<Long> machines = new TreeSet<>();
  private final Event verb;

  /**
   * A trace of a verb that runs already.
   *
   * @param clock tells when the other steps begin and end
   * @param pid that of this process
   * @param name the verb
   * @param begin when it began, in microseconds since 1970
   */
  public RecordedTrace(TraceClock clock, long pid, String name, long begin) {
    this.clock = clock;
    this.pid = pid;
    this.verb = add(pid, HOST, name, begin);
  }

  /**
   * A step of the verb that is over.
   *
   * @param begin microseconds since 1970
   * @param end microseconds since 1970, not before {@code begin}
   */
  public void passed(String name, long begin, long end) {
    add(pid, HOST, name, begin).end(end);
  }

  @Override
  public Step begin(String name) {
    return add(pid, HOST, name, clock.now());
  }

  @Override
  public Step beginInVm(long shim, String name) {
    machines.add(shim);
    return add(shim, GUEST, name, clock.now());
  }

  private Event add(long process, String category, String name, long begin) {
    Event event = new Event(clock, process, category, name, begin);
    events.add(event);
    return event;
  }

  /**
   * The verb is over, and with it every step that has not ended.
   *
   * @param outcome what it has come to
   * @return the whole document
   */
  public JsonObject end(JsonObject outcome) {
    long now = clock.now();
    List<JsonValue> all = new ArrayList<>();
    nameProcess(all, pid, "limpid", 0);
    for (long machine : machines) {
      nameProcess(all, machine, "virtual machine", 1);
    }
    for (Event event : events) {
      event.end(now);
      all.add(event == verb ? event.json().with("args", outcome) : event.json());
    }
    return JsonObject.builder()
        .put("traceEvents", new JsonArray(all))
        .put("displayTimeUnit", "ms")
        .build();
  }

  private static void nameProcess(List<JsonValue> all, long process, String name, int order) {
    all.add(metadata(process, "process_name", JsonObject.builder().put("name", name).build()));
    all.add(
        metadata(
            process, "process_sort_index", JsonObject.builder().put("sort_index", order).build()));
    all.add(metadata(process, "thread_name", JsonObject.builder().put("name", name).build()));
  }

  private static JsonObject metadata(long process, String name, JsonObject args) {
    return JsonObject.builder()
        .put("ph", "M")
        .put("pid", process)
        .put("tid", process)
        .put("name", name)
        .put("args", args)
        .build();
  }

  private static final class Event implements Step {
    private static final long OPEN = -1;

    private final TraceClock clock;
    private final long process;
    private final String category;
    private final String name;
    private final long begin;
    private long duration = OPEN;

    Event(TraceClock clock, long process, String category, String name, long begin) {
      this.clock = clock;
      this.process = process;
      this.category = category;
      this.name = name;
      this.begin = begin;
    }

    @Override
    public void close() {
      end(clock.now());
    }

    void end(long time) {
      if (duration == OPEN) {
        duration = time - begin;
      }
    }

    JsonObject json() {
      return JsonObject.builder()
          .put("ph", "X")
          .put("pid", process)
          .put("tid", process)
          .put("ts", begin)
          .put("dur", duration)
          .put("cat", category)
          .put("name", name)
          .put("args", JsonObject.empty())
          .build();
    }
  }
}
