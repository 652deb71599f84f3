package dev.limpid.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** An installation whose launcher is called as a process of its own. */
final class Installation {
  private static final int TIMEOUT_SECONDS = 120;

  private final Path prefix;
  private final Path folder;

  private Installation(Path prefix, Path folder) {
    this.prefix = prefix;
    this.folder = folder;
  }

  /**
   * The one that is tested.
   *
   * @param folder for what its processes write, and for limpid.json
   */
  static Installation tested(Path folder) {
    return new Installation(Path.of(System.getProperty("limpid.dist")).toAbsolutePath(), folder);
  }

  /** The same at another place, without kernel and image: what is broken there is no loss. */
  Installation copy(Path to) throws Exception {
    Files.createDirectories(to.resolve("bin"));
    Files.createDirectories(to.resolve("lib/limpid/jars"));
    for (String script : List.of("lib/limpid/launcher", "lib/limpid/archive-classes")) {
      String text =
          Files.readString(prefix.resolve(script)).replace(prefix.toString(), to.toString());
      executable(to.resolve(script), text);
    }
    // The client has the other place compiled in.
    Files.createSymbolicLink(to.resolve("bin/limpid"), to.resolve("lib/limpid/launcher"));
    try (Stream<Path> jars = Files.list(prefix.resolve("lib/limpid/jars"))) {
      for (Path jar : jars.toList()) {
        Files.copy(
            jar,
            to.resolve("lib/limpid/jars").resolve(jar.getFileName()),
            StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
    return new Installation(to, folder);
  }

  Path home() {
    return prefix.resolve("lib/limpid");
  }

  Path archive() {
    return home().resolve("classes.jsa");
  }

  void makeArchive() throws Exception {
    assertEquals(
        new Outcome(0, "", ""),
        run(Map.of(), List.of(home().resolve("archive-classes").toString())));
  }

  /** Calls the launcher. */
  Outcome limpid(String... arguments) throws Exception {
    return limpid(Map.of(), arguments);
  }

  Outcome limpid(Map<String, String> environment, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(prefix.resolve("bin/limpid").toString());
    command.addAll(List.of(arguments));
    return run(environment, command);
  }

  /** Calls the launcher, with its JVM logging into a file which classes it loads. */
  Outcome loggingClasses(Path log, String... arguments) throws Exception {
    Path java =
        executable(
            folder.resolve("logging-java"),
            "#!/bin/sh\nexec env \"_JAVA_OPTIONS=-Xlog:class+load:file=$LOG\" "
                + java()
                + " \"$@\"\n");
    return limpid(Map.of("LIMPID_JAVA", java.toString(), "LOG", log.toString()), arguments);
  }

  /** The JVM that the launcher names. */
  private String java() throws IOException {
    for (String line : Files.readAllLines(home().resolve("launcher"))) {
      if (line.startsWith("java=${LIMPID_JAVA:-")) {
        return line.substring(line.indexOf(":-") + 2, line.indexOf('}'));
      }
    }
    throw new IllegalStateException(home() + ": its launcher names no JVM");
  }

  private static Path executable(Path file, String text) throws IOException {
    Files.writeString(file, text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** What it writes goes to files: a shim that it leaves behind holds on to them. */
  private Outcome run(Map<String, String> environment, List<String> command) throws Exception {
    Path out = Files.createTempFile(folder, "out", "");
    Path err = Files.createTempFile(folder, "err", "");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectInput(Path.of("/dev/null").toFile());
    builder.redirectOutput(out.toFile()).redirectError(err.toFile());
    Map<String, String> all = new HashMap<>(environment);
    if (Files.exists(folder.resolve("limpid.json"))) {
      all.put("LIMPID_CONFIG", folder.resolve("limpid.json").toString());
    }
    builder.environment().putAll(all);
    Process process = builder.start();
    assertTrue(process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS), command::toString);
    return new Outcome(
        process.exitValue(),
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }
}
