package dev.limpid.rehearsal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Calls the verbs while the JVM notes which classes it loads (docs/performance.md). */
public final class Main {
  private Main() {}

  /**
   * Plays.
   *
   * @param args the class path of the program, and an empty folder for what is needed only
   *     meanwhile
   */
  public static void main(String[] args) throws IOException {
    Stage stage = Stage.in(Files.createDirectories(Path.of(args[1]).toAbsolutePath()));
    try (ObligingShim shim = ObligingShim.listen(stage.shimDirectory())) {
      shim.start();
      Rehearsal.of(stage).play();
    }
    LaterSteps.play();
    for (String jar : args[0].split(":", -1)) {
      OwnClasses.load(Path.of(jar));
    }
  }
}
