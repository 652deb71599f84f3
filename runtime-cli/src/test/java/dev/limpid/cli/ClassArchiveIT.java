package dev.limpid.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive of classes: in use if it fits, and never more than a matter of time if not. */
class ClassArchiveIT {
  private static final String SLOW = "can't be used: verbs start slowly until";

  @TempDir private Path folder;
  private Installation installation;

  @BeforeEach
  void install() throws Exception {
    installation = Installation.tested(folder).copy(folder.resolve("copy"));
    installation.makeArchive();
  }

  @Test
  void nearlyAllClassesComeFromIt() throws Exception {
    Path log = folder.resolve("classes");
    installation.loggingClasses(log, "--root", folder.toString(), "state", "nobody");
    LoadedClasses loaded = LoadedClasses.logged(log);
    assertTrue(loaded.all() > 300, loaded::toString);
    assertTrue(loaded.outside() < 10, loaded::toString);
    assertEquals("", debugLines());
  }

  @Test
  void makingItLeavesNothingElseBehind() throws Exception {
    try (Stream<Path> files = Files.list(installation.home())) {
      assertEquals(
          List.of("archive-classes", "classes.jsa", "jars", "launcher"),
          files.map(file -> file.getFileName().toString()).sorted().toList());
    }
  }

  @Test
  void itMayBeMissing() throws Exception {
    Files.delete(installation.archive());
    isAMatterOfTime();
  }

  @Test
  void itMayBeGarbage() throws Exception {
    for (String garbage : List.of("", "garbage", "garbage".repeat(1 << 20))) {
      Files.writeString(installation.archive(), garbage);
      isAMatterOfTime();
    }
  }

  @Test
  void itMayBeCutShort() throws Exception {
    byte[] whole = Files.readAllBytes(installation.archive());
    Files.write(installation.archive(), Arrays.copyOf(whole, whole.length / 2));
    isAMatterOfTime();
  }

  @Test
  void aJarMayBeNewer() throws Exception {
    try (Stream<Path> jars = Files.list(installation.home().resolve("jars"))) {
      Path jar = jars.findFirst().orElseThrow();
      Files.setLastModifiedTime(jar, FileTime.fromMillis(1_000_000));
    }
    isAMatterOfTime();
  }

  @Test
  void itMayBeAnotherJvms() throws Exception {
    byte[] archive = Files.readAllBytes(installation.archive());
    // Where the header names the JVM.
    Matcher jvm =
        Pattern.compile(" VM \\(")
            .matcher(new String(archive, 0, 4096, StandardCharsets.ISO_8859_1));
    assertTrue(jvm.find());
    archive[jvm.end()] = '9';
    Files.write(installation.archive(), archive);
    isAMatterOfTime();
  }

  @Test
  void checkTellsWhetherItIsInUse() throws Exception {
    assertTrue(archiveFinding().startsWith("ok "), archiveFinding());
    Files.delete(installation.archive());
    assertTrue(archiveFinding().startsWith("lacking "), archiveFinding());
  }

  private String archiveFinding() throws Exception {
    return installation
        .limpid("check")
        .out()
        .lines()
        .filter(line -> line.contains("class archive"))
        .findFirst()
        .orElseThrow();
  }

  /** A verb says and does the same as ever; only who asks for it finds the reason. */
  private void isAMatterOfTime() throws Exception {
    assertEquals(
        new Outcome(1, "", "limpid: container does not exist\n"),
        installation.limpid("--root", folder.toString(), "state", "nobody"));
    assertEquals(
        new Outcome(0, "[]\n", ""),
        installation.limpid("--root", folder.resolve("none").toString(), "list", "-f", "json"));
    assertTrue(debugLines().contains(installation.archive() + " " + SLOW), debugLines());
  }

  private String debugLines() throws Exception {
    Path log = folder.resolve("log");
    assertEquals(
        new Outcome(0, "", ""),
        installation.limpid(
            "--root",
            folder.resolve("none").toString(),
            "--debug",
            "--log",
            log.toString(),
            "list",
            "-q"));
    return Files.exists(log) ? Files.readString(log) : "";
  }
}
