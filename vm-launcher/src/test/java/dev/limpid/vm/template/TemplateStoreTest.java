package dev.limpid.vm.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemplateStoreTest {
  private static final TemplateRecord RECORD =
      new TemplateRecord(
          512,
          1,
          "tcg",
          Path.of("/usr/bin/qemu"),
          Path.of("/vmlinux"),
          Instant.parse("2026-01-02T03:04:05Z"));

  @TempDir private Path directory;

  private final SetClock clock = new SetClock();
  private int made;

  private static final class SetClock extends Clock {
    private Instant now = Instant.parse("2026-06-01T00:00:00Z");

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    void pass(Duration time) {
      now = now.plus(time);
    }
  }

  private Path folder() {
    return directory.resolve("run/templates");
  }

  private TemplateStore store() {
    return new TemplateStore(folder(), clock);
  }

  private void fill(Path folder) throws IOException {
    made++;
    Files.writeString(folder.resolve("memory"), "m");
    Files.writeString(folder.resolve("state"), "s");
    Files.createDirectory(folder.resolve("vm"));
    Files.writeString(folder.resolve("vm/left"), "");
  }

  /** Made of nothing that could change. */
  private static TemplateDescription described(String text) {
    return new TemplateDescription("limpid template 2\n" + text);
  }

  private Optional<Template> make(String text) throws IOException {
    return store().make(described(text), RECORD, this::fill);
  }

  private static final TemplateStore.Maker FAILS =
      folder -> {
        Files.writeString(folder.resolve("memory"), "half");
        throw new IOException("it does not boot");
      };

  @Test
  void nothingIsThereBeforeSomethingIsMade() throws IOException {
    assertEquals(Optional.empty(), store().use(described("a")));
    assertEquals(List.of(), store().list());
    assertEquals(Optional.empty(), store().discouragement(described("a")));
    assertFalse(Files.exists(folder()));
  }

  @Test
  void whatIsMadeIsFoundByItsDescriptionAlone() throws IOException {
    Template template = make("a").orElseThrow();

    assertEquals(Optional.of(template), store().use(described("a")));
    assertEquals(Optional.empty(), store().use(described("b")));
    assertEquals("m", Files.readString(template.memory()));
    assertEquals("s", Files.readString(template.state()));
    assertEquals(RECORD, store().list().get(0).record());
    assertEquals(
        "rwx------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(template.folder())));
    assertEquals(
        "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder())));
    make("a");
    assertEquals(1, made);
  }

  @Test
  void anotherDescriptionByTheSameNameIsNoTemplate() throws IOException {
    Template template = make("a").orElseThrow();
    Files.writeString(template.folder().resolve("description"), "of something else");

    assertEquals(Optional.empty(), store().use(described("a")));
    assertEquals(template.folder(), make("a").orElseThrow().folder());
    assertEquals(2, made);
  }

  @Test
  void whatWasBegunIsNoTemplateAndGoneWithTheNext() throws IOException {
    Files.createDirectories(folder().resolve("new/vm"));
    Files.writeString(folder().resolve("new/memory"), "half");
    String name = described("a").name();
    Files.createDirectories(folder().resolve(name));
    Files.writeString(folder().resolve(name).resolve("memory"), "of one that is being removed");

    assertEquals(Optional.empty(), store().use(described("a")));
    assertEquals(List.of(), store().list());
    make("b");
    assertFalse(Files.exists(folder().resolve("new")));
    assertEquals("m", Files.readString(make("a").orElseThrow().memory()));
  }

  @Test
  void whatCanNotBeMadeLeavesNothingAndIsNotTriedAtOnce() throws IOException {
    IOException e =
        assertThrows(IOException.class, () -> store().make(described("a"), RECORD, FAILS));

    assertEquals("it does not boot", e.getMessage());
    assertFalse(Files.exists(folder().resolve("new")));
    assertEquals(Optional.of("it does not boot"), store().discouragement(described("a")));
    assertEquals(Optional.empty(), store().discouragement(described("b")));
    // By the file's own time, which is the host's.
    clock.now = Instant.now().plus(TemplateStore.DISCOURAGEMENT).plusSeconds(1);
    assertEquals(Optional.empty(), store().discouragement(described("a")));
  }

  @Test
  void successEndsDiscouragement() throws IOException {
    assertThrows(IOException.class, () -> store().make(described("a"), RECORD, FAILS));
    make("a");
    assertEquals(Optional.empty(), store().discouragement(described("a")));
  }

  @Test
  void theOneUnusedForTheLongestTimeMakesRoom() throws IOException {
    for (int i = 0; i < TemplateStore.TEMPLATES_MAX; i++) {
      make("t" + i);
      clock.pass(Duration.ofMinutes(1));
    }
    clock.pass(TemplateStore.RESPITE);
    assertTrue(store().use(described("t0")).isPresent());

    assertTrue(make("more").isPresent());

    assertTrue(store().use(described("t0")).isPresent());
    assertEquals(Optional.empty(), store().use(described("t1")));
    assertEquals(TemplateStore.TEMPLATES_MAX, store().list().size());
  }

  @Test
  void whatNoMachineCanBeACloneOfIsRemoved() throws IOException {
    Template template = make("a").orElseThrow();
    Files.writeString(template.folder().resolve("description"), "limpid template 1\na");

    make("b");

    assertFalse(Files.exists(template.folder()));
    assertEquals(1, store().list().size());
  }

  @Test
  void nothingThatIsInUseMakesRoom() throws IOException {
    for (int i = 0; i < TemplateStore.TEMPLATES_MAX; i++) {
      make("t" + i);
    }

    assertEquals(Optional.empty(), make("more"));

    assertEquals(TemplateStore.TEMPLATES_MAX, made);
    assertTrue(make("t3").isPresent());
  }

  @Test
  void theListBeginsWithTheOneUnusedForTheLongestTime() throws IOException {
    for (String text : List.of("a", "b", "c")) {
      make(text);
      clock.pass(Duration.ofSeconds(1));
    }
    store().use(described("a"));

    List<String> names = new ArrayList<>();
    for (StoredTemplate each : store().list()) {
      names.add(each.template().name());
    }
    assertEquals(
        List.of(described("b").name(), described("c").name(), described("a").name()), names);
  }

  @Test
  void removesByNameWhatIsATemplate() throws IOException {
    Template template = make("a").orElseThrow();

    for (String other : List.of("", ".", "..", "new", "lock", "0123456789abcdef", "../templates")) {
      assertFalse(store().remove(other), other);
    }
    assertTrue(store().remove(template.name()));
    assertFalse(Files.exists(template.folder()));
    assertFalse(store().remove(template.name()));
  }

  @Test
  void whatIsDiscardedIsNotMadeAtOnce() throws IOException {
    Template template = make("a").orElseThrow();
    assertTrue(store().isStill(template));

    store().discard(template, "no clone answers");

    assertFalse(store().isStill(template));
    assertEquals(Optional.empty(), store().use(described("a")));
    assertEquals(List.of(), store().list());
    assertEquals(Optional.of("no clone answers"), store().discouragement(described("a")));
    make("b");
    assertFalse(Files.exists(template.folder()));
  }

  @Test
  void anotherTemplateByTheSameNameIsNotDiscarded() throws IOException {
    Template template = make("a").orElseThrow();
    // So that its inode is not free.
    Files.move(template.folder(), folder().resolve("0123456789abcde"));
    store().discard(template, "gone");
    assertEquals(Optional.empty(), store().discouragement(described("a")));

    Template other = make("a").orElseThrow();
    store().discard(template, "of before");

    assertFalse(store().isStill(template));
    assertEquals(Optional.of(other), store().use(described("a")));
    assertEquals(Optional.empty(), store().discouragement(described("a")));
  }

  @Test
  void aBrokenOneIsNoneAndGoneWithTheNext() throws IOException {
    Template broken = make("a").orElseThrow();
    make("b");
    Files.writeString(broken.folder().resolve("template.json"), "{");

    assertEquals(1, store().list().size());
    make("c");
    assertFalse(Files.exists(broken.folder()));
    assertEquals(2, store().list().size());
  }

  @Test
  void marksAreForgottenAfterADay() throws IOException {
    assertFalse(store().wantedAgain(described("a")));
    clock.now = Instant.now();
    make("b");
    assertTrue(store().wantedAgain(described("a")));
    clock.pass(Duration.ofDays(1).plusMinutes(1));
    make("c");
    assertFalse(store().wantedAgain(described("a")));
  }

  @Test
  void aFolderThatOthersCanWriteToIsNone() throws IOException {
    Files.createDirectories(folder());
    Files.setPosixFilePermissions(folder(), PosixFilePermissions.fromString("rwxrwx---"));

    IOException e = assertThrows(IOException.class, () -> make("a"));
    assertEquals(folder() + ": must be a directory that nobody else can write to", e.getMessage());

    Files.setPosixFilePermissions(folder(), PosixFilePermissions.fromString("rwxr-xr-x"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), folder());
    assertThrows(
        IOException.class,
        () -> new TemplateStore(link, clock).make(described("a"), RECORD, this::fill));
    assertTrue(make("a").isPresent());
  }

  @Test
  void whatIsReplacedMeanwhileMakesNoTemplate() {
    TemplateDescription stale = new TemplateDescription("limpid template 1\na");
    IOException e = assertThrows(IOException.class, () -> store().make(stale, RECORD, this::fill));
    assertEquals("what it is made of has been replaced meanwhile", e.getMessage());
    assertFalse(Files.exists(folder().resolve("new")));
  }

  @Test
  void whoeverIsStoppedInHisTurnHoldsNobodyUpForEver() throws Exception {
    make("a");
    Process other = LockHolder.start(folder().resolve("lock"));
    try {
      TemplateStore hasty = new TemplateStore(folder(), clock, Duration.ofMillis(50));

      IOException e =
          assertThrows(IOException.class, () -> hasty.make(described("b"), RECORD, this::fill));

      assertEquals(
          folder().resolve("lock") + ": somebody else makes a template, for longer than 50 ms",
          e.getMessage());
      assertTrue(hasty.use(described("a")).isPresent());
    } finally {
      other.destroyForcibly().waitFor();
    }
    assertTrue(make("b").isPresent());
  }

  @Test
  void isWantedAgainTheSecondTime() throws IOException {
    assertFalse(store().wantedAgain(described("a")));
    assertFalse(store().wantedAgain(described("b")));
    assertTrue(store().wantedAgain(described("a")));
    make("a");
    assertFalse(store().wantedAgain(described("a")));
  }
}
