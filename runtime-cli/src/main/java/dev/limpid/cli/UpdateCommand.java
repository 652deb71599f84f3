package dev.limpid.cli;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.lifecycle.ContainerUpdate;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonValue;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code limpid update}. */
@Command(
    name = "update",
    header = "Changes the limits of a running container.",
    description = {
      "What is not named stays as it is. Memory can't grow beyond what the virtual machine was made with."
    },
    footerHeading = "%nExamples:%n",
    footer = {"  limpid update --memory 268435456 web", "  limpid update -r limits.json web"})
final class UpdateCommand extends Verb {
  private static final String DOCUMENT = "resources";

  @Parameters(
      paramLabel = "ID",
      converter = ContainerIdArgument.class,
      description = "The container.")
  private ContainerId id;

  @Option(
      names = {"-r", "--resources"},
      paramLabel = "FILE",
      description = "A file with an OCI LinuxResources object; - is standard input.")
  private String resources;

  @Option(names = "--blkio-weight", paramLabel = "N", description = "Block IO weight, 10 to 1000.")
  private Long blkioWeight;

  @Option(names = "--cpu-period", paramLabel = "US", description = "CFS period in microseconds.")
  private Long cpuPeriod;

  @Option(names = "--cpu-quota", paramLabel = "US", description = "CFS quota in microseconds.")
  private Long cpuQuota;

  @Option(names = "--cpu-share", paramLabel = "N", description = "CPU shares.")
  private Long cpuShares;

  @Option(names = "--cpu-rt-period", paramLabel = "US", description = "Real-time period.")
  private Long cpuRealtimePeriod;

  @Option(names = "--cpu-rt-runtime", paramLabel = "US", description = "Real-time runtime.")
  private Long cpuRealtimeRuntime;

  @Option(names = "--cpu-idle", paramLabel = "0|1", description = "Whether it runs when idle only.")
  private Long cpuIdle;

  @Option(
      names = "--cpuset-cpus",
      paramLabel = "LIST",
      description = "Left out: processors of the host have other numbers in a virtual machine.")
  private String cpusetCpus;

  @Option(names = "--cpuset-mems", paramLabel = "LIST", description = "Left out, likewise.")
  private String cpusetMems;

  @Option(names = "--memory", paramLabel = "BYTES", description = "Memory limit; -1 for none.")
  private Long memory;

  @Option(names = "--memory-reservation", paramLabel = "BYTES", description = "Soft limit.")
  private Long memoryReservation;

  @Option(names = "--memory-swap", paramLabel = "BYTES", description = "Memory and swap together.")
  private Long memorySwap;

  @Option(names = "--pids-limit", paramLabel = "N", description = "Processes; -1 for no limit.")
  private Long pidsLimit;

  @Option(
      names = {"--kernel-memory", "--kernel-memory-tcp"},
      paramLabel = "BYTES",
      description = "Accepted: the kernel counts all memory together.")
  @SuppressWarnings("unused") // picocli looks at it
  private Long kernelMemory;

  @Option(
      names = {"--l3-cache-schema", "--mem-bw-schema"},
      paramLabel = "SCHEMA",
      description = "Refused: a virtual machine has no such registers.")
  private String resctrl;

  @Override
  int run(Call call) {
    if (resctrl != null) {
      throw new EngineException(
          "--l3-cache-schema, --mem-bw-schema: not supported, a virtual machine has no such"
              + " registers");
    }
    JsonObject object = resources == null ? fromOptions() : read(call.invocation());
    new ContainerUpdate(call.context()).update(id, DOCUMENT, object);
    return 0;
  }

  private JsonObject read(Invocation invocation) {
    JsonReader reader = new JsonReader(DOCUMENT);
    try {
      JsonValue value =
          resources.equals("-")
              ? reader.read(invocation.in())
              : reader.read(Limpid.absolute(invocation, java.nio.file.Path.of(resources)));
      return JsonCursor.root(DOCUMENT, value).asObject();
    } catch (IOException failed) {
      throw new EngineException("--resources: " + resources + ": cannot read: " + failed, failed);
    } catch (DocumentException broken) {
      throw new EngineException("--resources: " + broken.getMessage(), broken);
    }
  }

  private JsonObject fromOptions() {
    JsonObject cpu = JsonObject.empty();
    cpu = with(cpu, "period", cpuPeriod);
    cpu = with(cpu, "quota", cpuQuota);
    cpu = with(cpu, "shares", cpuShares);
    cpu = with(cpu, "realtimePeriod", cpuRealtimePeriod);
    cpu = with(cpu, "realtimeRuntime", cpuRealtimeRuntime);
    cpu = with(cpu, "idle", cpuIdle);
    if (cpusetCpus != null) {
      cpu = cpu.with("cpus", cpusetCpus);
    }
    if (cpusetMems != null) {
      cpu = cpu.with("mems", cpusetMems);
    }
    JsonObject limits = JsonObject.empty();
    limits = with(limits, "limit", memory);
    limits = with(limits, "reservation", memoryReservation);
    limits = with(limits, "swap", memorySwap);
    JsonObject result = JsonObject.empty();
    result = section(result, "cpu", cpu);
    result = section(result, "memory", limits);
    result = section(result, "pids", with(JsonObject.empty(), "limit", pidsLimit));
    return section(result, "blockIO", with(JsonObject.empty(), "weight", blkioWeight));
  }

  private static JsonObject with(JsonObject object, String member, Long value) {
    return value == null ? object : object.with(member, value);
  }

  private static JsonObject section(JsonObject object, String member, JsonObject section) {
    return section.isEmpty() ? object : object.with(member, section);
  }
}
