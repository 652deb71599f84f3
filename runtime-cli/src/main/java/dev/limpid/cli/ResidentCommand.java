package dev.limpid.cli;

import dev.limpid.engine.EngineException;
import dev.limpid.resident.Installation;
import dev.limpid.resident.Listener;
import dev.limpid.resident.Resident;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code limpid resident}. */
@Command(
    name = "resident",
    header = "Stays, and does verbs for other processes in a moment.",
    description = {
      "As long as this process runs, 'limpid state', 'list', 'kill', 'delete', 'start' and 'ps --format json' are handed"
          + " over to it instead of starting a Java virtual machine each, if it can do them: as root, in the same"
          + " namespaces, with the same installation, one at a time, and without starting a program. All others, and all"
          + " verbs if it does not answer at once, run as if there were none.",
      "",
      "It listens at /run/limpid-resident/socket, or where the environment variable LIMPID_RESIDENT says, in a folder that"
          + " is for root alone; or at a socket that is its standard input, as 'limpid-resident.socket' of systemd makes"
          + " it. It ends by itself when nobody has called for a while.",
      "",
      "A verb is not handed over if LIMPID_RESIDENT is 'never' in its environment."
    },
    footerHeading = "%nExamples:%n",
    footer = {"  systemctl enable --now limpid-resident.socket", "  limpid resident --idle 3600 &"})
final class ResidentCommand extends Verb {
  private static final String VARIABLE = "LIMPID_RESIDENT";
  private static final String USUAL_PLACE = "/run/limpid-resident/socket";
  private static final int MAX_IDLE_SECONDS = 1_000_000_000;
  private static final String DEFAULT_IDLE_SECONDS = "600";

  @Option(
      names = "--idle",
      paramLabel = "SECONDS",
      defaultValue = DEFAULT_IDLE_SECONDS,
      description = "End when nobody has called for so long (default: ${DEFAULT-VALUE}).")
  private int idle;

  @Option(
      names = "--identity",
      paramLabel = "TEXT",
      hidden = true,
      description = "What callers must have in common with it; bin/limpid adds it.")
  private Optional<String> identity = Optional.empty();

  @Option(
      names = "--lost",
      paramLabel = "VERB",
      hidden = true,
      description = "Say that a resident process has ended in the middle of this verb.")
  private Optional<String> lost = Optional.empty();

  @Override
  int run(Call call) {
    if (lost.isPresent()) {
      throw new EngineException(
          "the resident process ended before it answered: whether '"
              + lost.get()
              + "' has been done, 'limpid state' tells");
    }
    if (idle < 1 || idle > MAX_IDLE_SECONDS) {
      throw new EngineException("--idle: " + idle + ": must be 1 to " + MAX_IDLE_SECONDS);
    }
    if (identity.isEmpty()) {
      throw new EngineException("--identity: missing; 'limpid resident' is started by bin/limpid");
    }
    Listener listener = Listener.inherited().orElseGet(() -> Listener.at(place(call)));
    return new Resident(
            listener,
            identity.get(),
            Installation.of(call.invocation().home()),
            new HandedVerbs(call.invocation().home()),
            call.invocation().err())
        .serve(Duration.ofSeconds(idle));
  }

  private static Path place(Call call) {
    String named = call.invocation().environment().getOrDefault(VARIABLE, "");
    Path place = Path.of(named.isEmpty() ? USUAL_PLACE : named);
    if (!place.isAbsolute()) {
      throw new EngineException(VARIABLE + ": " + named + ": must be an absolute path");
    }
    return place;
  }
}
