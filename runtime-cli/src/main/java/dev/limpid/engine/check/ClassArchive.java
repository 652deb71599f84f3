package dev.limpid.engine.check;

import dev.limpid.engine.EngineContext;
import java.nio.file.Files;
import java.nio.file.Path;

/** The archive from which the JVM takes its classes and Limpid's (docs/performance.md). */
public final class ClassArchive {
  private final Path home;

  /** That of the installation that runs. */
  public ClassArchive(EngineContext context) {
    home = context.home();
  }

  /**
   * Whether this process has its classes from it. The launcher names it to the JVM if it is there,
   * and a JVM that it does not fit shares none at all.
   */
  public boolean isInUse() {
    return Files.isRegularFile(file())
        && System.getProperty("java.vm.info", "").contains("sharing");
  }

  /** Where it is. */
  public Path file() {
    return home.resolve("classes.jsa");
  }

  /** What makes it. */
  public Path maker() {
    return home.resolve("archive-classes");
  }
}
