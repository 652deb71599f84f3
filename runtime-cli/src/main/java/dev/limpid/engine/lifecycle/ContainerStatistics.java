package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.state.Status;
import dev.limpid.proto.StatsRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a container uses, as its own kernel counts it, in the shape of runc's {@code events}. */
public final class ContainerStatistics {
  private static final long NANOS_PER_MICRO = 1000;

  private static final List<String> COUNTERS =
      List.of(
          "rxBytes",
          "rxPackets",
          "rxErrors",
          "rxDropped",
          "txBytes",
          "txPackets",
          "txErrors",
          "txDropped");

  private final EngineContext context;

  /** Statistics of the containers below the context's root. */
  public ContainerStatistics(EngineContext context) {
    this.context = context;
  }

  /**
   * What has been counted.
   *
   * @param event the object for the caller
   * @param oomKills how many processes the guest's kernel has killed for want of memory, so far
   */
  public record Sample(JsonObject event, long oomKills) {}

  /**
   * Counts now.
   *
   * @throws EngineException if the container does not run
   */
  public Sample of(ContainerId id) {
    ContainerDirectory directory = new ContainerStore(context.root()).find(id);
    ContainerRecord container = directory.required();
    Status status = directory.status(container);
    if (status != Status.RUNNING && status != Status.CREATED) {
      throw new EngineException("container not running");
    }
    JsonCursor stats =
        JsonCursor.root("stats", AgentCall.of(directory, container, new StatsRequest()));
    Optional<JsonCursor> memory = stats.optional("memory");
    return new Sample(
        event("stats", id).with("data", data(stats)),
        memory.isPresent() ? number(memory.get(), "oomKills") : 0);
  }

  /** The event of a process that was killed for want of memory. */
  public static JsonObject oom(ContainerId id) {
    return event("oom", id);
  }

  private static JsonObject event(String type, ContainerId id) {
    return JsonObject.builder().put("type", type).put("id", id.value()).build();
  }

  static JsonObject data(JsonCursor stats) {
    return JsonObject.builder()
        .put("cpu", cpu(stats.optional("cpu")))
        .put("memory", memory(stats.optional("memory")))
        .put("pids", pids(stats.optional("pids")))
        .put("blkio", blkio(stats))
        .put("hugetlb", hugetlb(stats))
        .put("intel_rdt", JsonObject.empty())
        .put("network_interfaces", network(stats))
        .build();
  }

  private static JsonObject cpu(Optional<JsonCursor> cpu) {
    if (cpu.isEmpty()) {
      return JsonObject.empty();
    }
    JsonCursor c = cpu.get();
    return JsonObject.builder()
        .put(
            "usage",
            JsonObject.builder()
                .put("total", number(c, "usage") * NANOS_PER_MICRO)
                .put("percpu", new JsonArray(List.of()))
                .put("kernel", number(c, "system") * NANOS_PER_MICRO)
                .put("user", number(c, "user") * NANOS_PER_MICRO)
                .build())
        .put(
            "throttling",
            JsonObject.builder()
                .put("periods", number(c, "periods"))
                .put("throttledPeriods", number(c, "throttled"))
                .put("throttledTime", number(c, "throttledTime") * NANOS_PER_MICRO)
                .build())
        .build();
  }

  private static JsonObject memory(Optional<JsonCursor> memory) {
    if (memory.isEmpty()) {
      return JsonObject.empty();
    }
    JsonCursor m = memory.get();
    JsonObject.Builder json = JsonObject.builder();
    JsonObject.Builder raw = JsonObject.builder();
    long cache = 0;
    for (JsonCursor line : m.optionalMembers("stat")) {
      long value = line.asInteger(0, Long.MAX_VALUE);
      raw.put(line.key(), value);
      if (line.key().equals("file")) {
        cache = value;
      }
    }
    return json.put("cache", cache)
        .put(
            "usage",
            usage(number(m, "limit"), number(m, "usage"), number(m, "max"), number(m, "failcnt")))
        .put("swap", usage(number(m, "swapLimit"), number(m, "swapUsage"), -1, 0))
        .put("kernel", usage(0, 0, 0, 0))
        .put("kernelTCP", usage(0, 0, 0, 0))
        .put("raw", raw.build())
        .build();
  }

  /** A limit that there is none is written as the largest number, as the kernel does. */
  private static JsonObject usage(long limit, long usage, long max, long failures) {
    return JsonObject.builder()
        .put("limit", limit < 0 ? Long.MAX_VALUE : limit)
        .put("usage", usage)
        .put("max", Math.max(max, usage))
        .put("failcnt", failures)
        .build();
  }

  private static JsonObject pids(Optional<JsonCursor> pids) {
    if (pids.isEmpty()) {
      return JsonObject.empty();
    }
    return JsonObject.builder()
        .put("current", number(pids.get(), "current"))
        .put("limit", Math.max(0, number(pids.get(), "limit")))
        .build();
  }

  private static JsonObject blkio(JsonCursor stats) {
    List<JsonValue> bytes = new ArrayList<>();
    List<JsonValue> operations = new ArrayList<>();
    for (JsonCursor device : stats.optionalElements("io")) {
      bytes.add(entry(device, "Read", "rbytes"));
      bytes.add(entry(device, "Write", "wbytes"));
      operations.add(entry(device, "Read", "rios"));
      operations.add(entry(device, "Write", "wios"));
    }
    if (bytes.isEmpty()) {
      return JsonObject.empty();
    }
    return JsonObject.builder()
        .put("ioServiceBytesRecursive", new JsonArray(bytes))
        .put("ioServicedRecursive", new JsonArray(operations))
        .build();
  }

  private static JsonObject entry(JsonCursor device, String operation, String member) {
    return JsonObject.builder()
        .put("major", number(device, "major"))
        .put("minor", number(device, "minor"))
        .put("op", operation)
        .put("value", number(device, member))
        .build();
  }

  private static JsonArray network(JsonCursor stats) {
    List<JsonValue> interfaces = new ArrayList<>();
    for (JsonCursor each : stats.optionalElements("network")) {
      JsonObject.Builder json = JsonObject.builder().put("Name", each.requiredString("name"));
      for (String counter : COUNTERS) {
        json.put(
            Character.toUpperCase(counter.charAt(0)) + counter.substring(1), number(each, counter));
      }
      interfaces.add(json.build());
    }
    return new JsonArray(interfaces);
  }

  private static JsonObject hugetlb(JsonCursor stats) {
    JsonObject.Builder sizes = JsonObject.builder();
    for (JsonCursor each : stats.optionalElements("hugetlb")) {
      sizes.put(
          each.requiredString("pageSize"),
          JsonObject.builder()
              .put("usage", number(each, "usage"))
              .put("failcnt", number(each, "failcnt"))
              .build());
    }
    return sizes.build();
  }

  /** A number of the guest's, which may be any; 0 if it has not said. */
  private static long number(JsonCursor json, String member) {
    Optional<JsonCursor> found = json.optional(member);
    return found.isEmpty() ? 0 : found.get().asInt64();
  }
}
