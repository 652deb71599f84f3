package dev.limpid.vm.template;

import dev.limpid.proto.socket.Deadline;
import dev.limpid.vm.hypervisor.VirtualMachine;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Where templates are kept. One at a time is made; who wants to use one waits for nobody. Nothing
 * in the folder has to outlast the host's next boot, so it belongs on a file system in memory.
 */
public final class TemplateStore {
  /** How many there are, at most. */
  public static final int TEMPLATES_MAX = 8;

  /** One that was used within this time is not removed for another. */
  static final Duration RESPITE = Duration.ofMinutes(10);

  /** How long nobody tries again to make one that can't be made. */
  static final Duration DISCOURAGEMENT = Duration.ofMinutes(10);

  /** How long to wait for those who make one, of whom a hundred others may want the processors. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** How long it is remembered that a template was wanted, or can't be made. */
  private static final Duration MEMORY_OF_MARKS = Duration.ofDays(1);

  /** Several times what one takes, so that nobody else on that file system goes without. */
  private static final long SPACE_BYTES = 128L << 20;

  private static final long FIRST_POLL_MILLIS = 10;
  private static final long LAST_POLL_MILLIS = 100;
  private static final String LOCK = "lock";

  private final Path path;
  private final TemplateFolder folder;
  private final Clock clock;
  private final Duration patience;

  /** The store in a folder, which is made when the first template is. */
  public TemplateStore(Path folder, Clock clock) {
    this(folder, clock, PATIENCE);
  }

  TemplateStore(Path folder, Clock clock, Duration patience) {
    this.patience = patience;
    this.path = folder;
    this.folder = new TemplateFolder(folder);
    this.clock = clock;
  }

  /**
   * Looks for a template, and notes that it is used.
   *
   * @return empty if there is none
   */
  public Optional<Template> use(TemplateDescription description) throws IOException {
    Optional<Template> found = folder.find(description);
    if (found.isPresent()) {
      TemplateFolder.touch(found.get(), clock.instant());
    }
    return found;
  }

  /**
   * Makes a template, if nobody else has made it by the time that it is this one's turn.
   *
   * @param build how
   * @return empty if there is no room: all that there are were used not long ago
   * @throws IOException if it can't be made; what was begun is gone
   */
  public Optional<Template> make(TemplateBuild build) throws IOException {
    return make(build.description(), record(build.machine()), build::into);
  }

  /** The same, by somebody who fills its folder. */
  Optional<Template> make(TemplateDescription description, TemplateRecord record, Maker maker)
      throws IOException {
    return inTurn(
        () -> {
          Optional<Template> there = use(description);
          if (there.isPresent() || !makeRoom()) {
            return there;
          }
          fill(description, record, maker);
          return use(description);
        });
  }

  private void fill(TemplateDescription description, TemplateRecord record, Maker maker)
      throws IOException {
    Path aside = folder.aside();
    try {
      requireSpace();
      Files.createDirectory(aside, TemplateBuild.OWNER_ALONE);
      maker.fill(aside);
      if (!description.isCurrent()) {
        throw new IOException("what it is made of has been replaced meanwhile");
      }
      folder.finish(description, record);
    } catch (IOException failed) {
      // First: it may be what leaves no room to note anything.
      TemplateFolder.remove(aside);
      folder.failed(description.name(), String.valueOf(failed.getMessage()));
      throw failed;
    } catch (RuntimeException failed) {
      TemplateFolder.remove(aside);
      throw failed;
    }
  }

  private void requireSpace() throws IOException {
    long free = Files.getFileStore(path).getUsableSpace();
    if (free < SPACE_BYTES) {
      throw new IOException(
          path + ": has room for " + (free >> 20) + " MiB, of " + (SPACE_BYTES >> 20));
    }
  }

  /** Fills the folder of a template. */
  interface Maker {
    /** Makes the files. */
    void fill(Path folder) throws IOException;
  }

  /**
   * Notes that a template would have been of use.
   *
   * @return whether that is not the first time
   */
  public boolean wantedAgain(TemplateDescription description) throws IOException {
    makeFolder();
    return folder.wantedAgain(description.name());
  }

  /** Why a template can't be made, if somebody has tried that not long ago. */
  public Optional<String> discouragement(TemplateDescription description) throws IOException {
    return folder.failure(description.name(), clock.instant().minus(DISCOURAGEMENT));
  }

  /** All there are, the one that was not used for the longest time first. */
  public List<StoredTemplate> list() throws IOException {
    return folder.all();
  }

  /**
   * Makes a clone of a template, and has its agent get it ready.
   *
   * @param shim the executable of the shim; absolute
   * @return what is wrong with it; empty if nothing is
   * @throws IOException if that can't be tried
   */
  public Optional<String> trial(Template template, Path shim) throws IOException {
    return inTurn(
        () -> {
          TemplateDescription description = TemplateFolder.description(template);
          if (!description.isCurrent()) {
            return Optional.of("what it was made of has been replaced");
          }
          Path place = folder.trial();
          TemplateFolder.remove(place);
          Files.createDirectory(place, TemplateBuild.OWNER_ALONE);
          try {
            TemplateBuild.attempt(template, description, shim, place, patience);
            return Optional.empty();
          } catch (IOException failed) {
            return Optional.of(String.valueOf(failed.getMessage()));
          } finally {
            TemplateFolder.remove(place);
          }
        });
  }

  /**
   * Removes a template. Its clones go on.
   *
   * @param name its name; another one is none of this store
   * @return false if there is none of that name
   */
  public boolean remove(String name) throws IOException {
    return inTurn(
        () -> {
          folder.removeUseless(clock.instant().minus(MEMORY_OF_MARKS));
          for (StoredTemplate each : folder.all()) {
            if (each.template().name().equals(name)) {
              TemplateFolder.remove(each.template().folder());
              return true;
            }
          }
          return false;
        });
  }

  /**
   * No more clones are made of a template, and nobody makes it anew at once: none of it runs. It is
   * left alone if it is gone already. This waits for nobody.
   */
  public void discard(Template template, String why) throws IOException {
    if (template.isThere()) {
      TemplateFolder.disown(template);
      folder.failed(template.name(), why);
    }
  }

  /** Whether a template is still there, and what it was made of is what it was. */
  public boolean isStill(Template template) throws IOException {
    try {
      return TemplateFolder.description(template).isCurrent() && template.isThere();
    } catch (NoSuchFileException given) {
      return false;
    }
  }

  private boolean makeRoom() throws IOException {
    folder.removeUseless(clock.instant().minus(MEMORY_OF_MARKS));
    List<StoredTemplate> all = folder.all();
    Instant longAgo = clock.instant().minus(RESPITE);
    for (int i = 0; i <= all.size() - TEMPLATES_MAX; i++) {
      if (all.get(i).lastUsed().isAfter(longAgo)) {
        return false;
      }
      TemplateFolder.remove(all.get(i).template().folder());
    }
    return true;
  }

  private TemplateRecord record(VirtualMachine machine) {
    return new TemplateRecord(
        machine.memoryMiB(),
        machine.vcpus(),
        machine.accelerator().word(),
        machine.hypervisor(),
        machine.kernel(),
        clock.instant());
  }

  private void makeFolder() throws IOException {
    if (!Files.isDirectory(path)) {
      Files.createDirectories(path, TemplateBuild.OWNER_ALONE);
    }
    PosixFileAttributes is =
        Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    boolean others =
        is.permissions().contains(PosixFilePermission.GROUP_WRITE)
            || is.permissions().contains(PosixFilePermission.OTHERS_WRITE);
    if (!is.isDirectory() || others) {
      throw new IOException(path + ": must be a directory that nobody else can write to");
    }
  }

  private interface Work<T> {
    T result() throws IOException;
  }

  /** When nobody else makes one. The kernel ends the turn of a process that dies. */
  private <T> T inTurn(Work<T> work) throws IOException {
    makeFolder();
    try (FileChannel channel =
        FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      awaitTurn(channel);
      return work.result();
    }
  }

  /** Not for ever: whoever has the turn may have been stopped. */
  private void awaitTurn(FileChannel channel) throws IOException {
    Deadline deadline = Deadline.in(patience);
    // Those who wait take the processors from him who makes it.
    long pollMillis = FIRST_POLL_MILLIS;
    while (channel.tryLock() == null) {
      if (deadline.isOver()) {
        throw new IOException(
            path.resolve(LOCK) + ": somebody else makes a template, for longer than " + deadline);
      }
      try {
        Thread.sleep(pollMillis);
        pollMillis = Math.min(2 * pollMillis, LAST_POLL_MILLIS);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted");
      }
    }
  }
}
