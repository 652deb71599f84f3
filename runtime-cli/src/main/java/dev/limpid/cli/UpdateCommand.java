package dev.limpid.cli;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.lifecycle.ContainerUpdate;
import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonNumber;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonValue;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code limpid update}. */
@Command(
    name = "update",
    header = "Changes the limits of a running container.",
    description = {
      "What is not named stays as it is. The virtual machine grows if it has to, and never shrinks."
    },
    footerHeading = "%nExamples:%n",
    footer = {"  limpid update --memory 268435456 web", "  limpid update -r limits.json web"})
final class UpdateCommand extends ContainerVerb {
  private static final String DOCUMENT = "resources";

  /** The object of which each option is a member. */
  JsonObject limits = JsonObject.empty();

  @Option(
      names = {"-r", "--resources"},
      paramLabel = "FILE",
      description = "A file with an OCI LinuxResources object; - is standard input.")
  private String resources;

  @Option(
      names = {"--kernel-memory", "--kernel-memory-tcp"},
      paramLabel = "BYTES",
      description = "Accepted: the kernel counts all memory together.")
  @SuppressWarnings("unused") // picocli looks at it
  private List<Long> kernelMemory;

  @Option(
      names = {"--l3-cache-schema", "--mem-bw-schema"},
      paramLabel = "SCHEMA",
      description = "Refused: a virtual machine has no such registers.")
  private List<String> resctrl;

  @Option(names = "--blkio-weight", paramLabel = "N", description = "Block IO weight, 10 to 1000.")
  void blkioWeight(Long value) {
    limit("blockIO", "weight", value);
  }

  @Option(names = "--cpu-period", paramLabel = "US", description = "CFS period in microseconds.")
  void cpuPeriod(Long value) {
    limit("cpu", "period", value);
  }

  @Option(names = "--cpu-quota", paramLabel = "US", description = "CFS quota in microseconds.")
  void cpuQuota(Long value) {
    limit("cpu", "quota", value);
  }

  @Option(names = "--cpu-share", paramLabel = "N", description = "CPU shares.")
  void cpuShare(Long value) {
    limit("cpu", "shares", value);
  }

  @Option(names = "--cpu-rt-period", paramLabel = "US", description = "Real-time period.")
  void cpuRealtimePeriod(Long value) {
    limit("cpu", "realtimePeriod", value);
  }

  @Option(names = "--cpu-rt-runtime", paramLabel = "US", description = "Real-time runtime.")
  void cpuRealtimeRuntime(Long value) {
    limit("cpu", "realtimeRuntime", value);
  }

  @Option(names = "--cpu-idle", paramLabel = "0|1", description = "Whether it runs when idle only.")
  void cpuIdle(Long value) {
    limit("cpu", "idle", value);
  }

  @Option(
      names = "--cpuset-cpus",
      paramLabel = "LIST",
      description = "Processors of the host that the virtual machine runs on.")
  void cpusetCpus(String value) {
    limit("cpu", "cpus", value);
  }

  @Option(
      names = "--cpuset-mems",
      paramLabel = "LIST",
      description = "Memory nodes of the host that it uses.")
  void cpusetMems(String value) {
    limit("cpu", "mems", value);
  }

  @Option(names = "--memory", paramLabel = "BYTES", description = "Memory limit; -1 for none.")
  void memory(Long value) {
    limit("memory", "limit", value);
  }

  @Option(names = "--memory-reservation", paramLabel = "BYTES", description = "Soft limit.")
  void memoryReservation(Long value) {
    limit("memory", "reservation", value);
  }

  @Option(names = "--memory-swap", paramLabel = "BYTES", description = "Memory and swap together.")
  void memorySwap(Long value) {
    limit("memory", "swap", value);
  }

  @Option(names = "--pids-limit", paramLabel = "N", description = "Processes; -1 for no limit.")
  void pidsLimit(Long value) {
    limit("pids", "limit", value);
  }

  /** Engines name all limits in a file; what a person may name is left to picocli. */
  @Override
  void take(PlainArguments arguments) {
    while (arguments.next()) {
      switch (arguments.option()) {
        case "-r", "--resources" -> resources = arguments.value("--resources");
        default -> arguments.positional();
      }
    }
    arguments.positionals(1, 1);
    id = arguments.id();
  }

  @Override
  int run(Call call) {
    if (resctrl != null) {
      throw new EngineException(
          "--l3-cache-schema, --mem-bw-schema: not supported, a virtual machine has no such"
              + " registers");
    }
    JsonObject object = resources == null ? limits : read(call.invocation());
    new ContainerUpdate(call.context()).update(id, DOCUMENT, object);
    return 0;
  }

  private JsonObject read(Invocation invocation) {
    JsonReader reader = new JsonReader(DOCUMENT);
    try {
      JsonValue value =
          resources.equals("-")
              ? reader.read(invocation.in())
              : reader.read(Limpid.absolute(invocation, Path.of(resources)));
      return JsonCursor.root(DOCUMENT, value).asObject();
    } catch (IOException failed) {
      throw new EngineException("--resources: " + resources + ": cannot read: " + failed, failed);
    } catch (DocumentException broken) {
      throw new EngineException("--resources: " + broken.getMessage(), broken);
    }
  }

  private void limit(String section, String member, Long value) {
    if (value != null) {
      limit(section, member, JsonNumber.of(value));
    }
  }

  private void limit(String section, String member, String value) {
    if (value != null) {
      limit(section, member, new JsonString(value));
    }
  }

  private void limit(String section, String member, JsonValue value) {
    JsonObject before =
        limits.get(section).isPresent()
            ? (JsonObject) limits.get(section).get()
            : JsonObject.empty();
    limits = limits.with(section, before.with(member, value));
  }
}
