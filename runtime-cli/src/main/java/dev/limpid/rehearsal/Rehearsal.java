package dev.limpid.rehearsal;

import dev.limpid.cli.Invocation;
import dev.limpid.cli.Limpid;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Calls of all verbs, as engines and persons write them. What they answer does not matter. */
final class Rehearsal {
  private final Stage stage;

  private Rehearsal(Stage stage) {
    this.stage = stage;
  }

  static Rehearsal of(Stage stage) {
    return new Rehearsal(stage);
  }

  void play() throws IOException {
    String bundle = stage.bundle().toString();
    String log = stage.log().toString();
    for (List<String> call :
        List.of(
            List.of("--version"),
            List.of("features"),
            List.of("check"),
            List.of("spec", "--bundle", stage.empty().toString()),
            List.of("list"),
            List.of("list", "--format", "json"),
            List.of("layers", "list"),
            List.of("template", "list"),
            List.of("state", Stage.RUNNING),
            List.of("state", "nobody"),
            List.of("--log", log, "--log-format", "json", "--debug", "state", "nobody"),
            List.of("--log", log, "state", "nobody"),
            List.of("create", "--bundle", bundle, "new"),
            List.of("run", "--bundle", bundle, "new"),
            List.of("start", Stage.RUNNING),
            List.of("exec", "--process", stage.process().toString(), Stage.RUNNING),
            List.of("exec", Stage.RUNNING, "true"),
            List.of("ps", "--format", "json", Stage.RUNNING),
            List.of("events", "--stats", Stage.RUNNING),
            List.of("update", "--resources", stage.process().toString(), Stage.RUNNING),
            List.of("kill", Stage.RUNNING, "TERM"),
            List.of("kill", "--all", Stage.ENDED, "KILL"),
            List.of("delete", Stage.ENDED),
            List.of("delete", "--force", "nobody"),
            List.of("--help"),
            List.of("create", "--help"),
            List.of("frobnicate"))) {
      call(call);
    }
  }

  private void call(List<String> verb) {
    List<String> arguments = new ArrayList<>(List.of("--root", stage.root().toString()));
    arguments.addAll(verb);
    Map<String, String> environment = new HashMap<>(Map.copyOf(System.getenv()));
    environment.put("LIMPID_CONFIG", stage.configuration().toString());
    try (PrintStream nowhere =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
      Limpid.run(
          new Invocation(
              arguments,
              environment,
              stage.bundle(),
              stage.bundle(),
              InputStream.nullInputStream(),
              nowhere,
              nowhere,
              Clock.systemUTC(),
              System.nanoTime(),
              Optional.empty()));
    }
  }
}
