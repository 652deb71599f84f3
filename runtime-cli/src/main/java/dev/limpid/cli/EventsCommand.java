package dev.limpid.cli;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.lifecycle.ContainerStates;
import dev.limpid.engine.lifecycle.ContainerStatistics;
import dev.limpid.engine.lifecycle.ContainerStatistics.Sample;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.oci.state.Status;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code limpid events}. */
@Command(
    name = "events",
    header = "Prints what a container uses, as JSON, a line each time.",
    description = {
      "Processor time, memory, pids, disk and network, as the container's own kernel counts them, until the"
          + " container ends; and a line of type oom when a process was killed for want of memory."
    },
    footerHeading = "%nExample:%n",
    footer = "  limpid events --stats web")
final class EventsCommand extends ContainerVerb {
  private static final String DEFAULT_INTERVAL = "5s";

  @Option(names = "--stats", description = "Once, then end.")
  private boolean once;

  @Option(
      names = "--interval",
      paramLabel = "TIME",
      defaultValue = DEFAULT_INTERVAL,
      description = "How often: a number and ms, s or m (default: ${DEFAULT-VALUE}).")
  private String interval;

  @Override
  void take(PlainArguments arguments) {
    interval = DEFAULT_INTERVAL;
    while (arguments.next()) {
      switch (arguments.option()) {
        case "--stats" -> once = arguments.flag("--stats");
        case "--interval" -> interval = arguments.value("--interval");
        default -> arguments.positional();
      }
    }
    arguments.positionals(1, 1);
    id = arguments.id();
  }

  @Override
  int run(Call call) {
    long millis = millis(interval);
    ContainerStatistics statistics = new ContainerStatistics(call.context());
    long oomKills = -1;
    while (true) {
      Sample sample;
      try {
        sample = statistics.of(id);
      } catch (EngineException ended) {
        if (oomKills >= 0 && hasEnded(call)) {
          return 0;
        }
        throw ended;
      }
      if (oomKills >= 0 && sample.oomKills() > oomKills) {
        print(call, ContainerStatistics.oom(id));
      }
      oomKills = sample.oomKills();
      print(call, sample.event());
      if (once) {
        return 0;
      }
      pause(millis);
    }
  }

  private boolean hasEnded(Call call) {
    return new ContainerStates(call.context()).of(id).status() == Status.STOPPED;
  }

  private static void print(Call call, JsonObject event) {
    call.out().println(JsonWriter.compact().write(event));
    call.out().flush();
  }

  private static void pause(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new EngineException("interrupted", interrupted);
    }
  }

  static long millis(String text) {
    String unit = text.replaceFirst("^[0-9]+", "");
    String number = text.substring(0, text.length() - unit.length());
    long factor =
        switch (unit) {
          case "ms" -> 1;
          case "s" -> 1000;
          case "m" -> 60_000;
          default -> 0;
        };
    if (factor == 0 || number.isEmpty() || number.length() > 6 || Long.parseLong(number) == 0) {
      throw new EngineException(
          "--interval: " + text + ": must be a number above 0 with ms, s or m behind it");
    }
    return Long.parseLong(number) * factor;
  }
}
