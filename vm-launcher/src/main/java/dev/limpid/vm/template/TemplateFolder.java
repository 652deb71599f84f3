package dev.limpid.vm.template;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The files of a store: a folder for each template, named as its description is, and beside it what
 * has been learnt of one that can't be made.
 */
final class TemplateFolder {
  private static final int NAME_LENGTH = 16;
  private static final String DESCRIPTION = "description";
  private static final String RECORD = "template.json";
  private static final String FAILURE_SUFFIX = ".failure";
  private static final String WANTED_SUFFIX = ".wanted";
  private static final String ASIDE = "new";
  private static final String TRIAL = "trial";

  private final Path folder;

  TemplateFolder(Path folder) {
    this.folder = folder;
  }

  /** Where one is made, before it gets its name. */
  Path aside() {
    return folder.resolve(ASIDE);
  }

  /** Where a clone is tried. */
  Path trial() {
    return folder.resolve(TRIAL);
  }

  Path template(String name) {
    return folder.resolve(name);
  }

  /** The one of this description, if it is there and whole. */
  Optional<Template> find(TemplateDescription description) throws IOException {
    Path place = template(description.name());
    try {
      // It is written last, and removed first.
      return Files.readString(place.resolve(DESCRIPTION)).equals(description.text())
          ? Optional.of(Template.in(place))
          : Optional.empty();
    } catch (NoSuchFileException none) {
      return Optional.empty();
    }
  }

  /**
   * Removes those that no machine can be a clone of any more, and what verbs have left that were
   * killed. For whom it is the turn.
   *
   * @param before when marks were set that nobody needs any more
   */
  void removeUseless(Instant before) throws IOException {
    remove(aside());
    remove(trial());
    for (Path place : places()) {
      if (!isCurrent(place)) {
        remove(place);
      }
    }
    for (String suffix : List.of(FAILURE_SUFFIX, WANTED_SUFFIX)) {
      try (DirectoryStream<Path> marks = Files.newDirectoryStream(folder, "*" + suffix)) {
        for (Path mark : marks) {
          if (Files.getLastModifiedTime(mark).toInstant().isBefore(before)) {
            Files.deleteIfExists(mark);
          }
        }
      }
    }
  }

  private static boolean isCurrent(Path place) throws IOException {
    try {
      TemplateRecord.read(place.resolve(RECORD));
      return description(new Template(place, "")).isCurrent();
    } catch (IOException broken) {
      return false;
    }
  }

  /** What a template was described as. */
  static TemplateDescription description(Template template) throws IOException {
    return new TemplateDescription(Files.readString(template.folder().resolve(DESCRIPTION)));
  }

  /** From now on nobody takes it for a template. The rest is removed when the next is made. */
  static void disown(Template template) throws IOException {
    Files.deleteIfExists(template.folder().resolve(DESCRIPTION));
  }

  /** Notes that it is used now. */
  static void touch(Template template, Instant now) throws IOException {
    Files.setLastModifiedTime(template.folder(), FileTime.from(now));
  }

  /** Gives what was made aside its name. */
  void finish(TemplateDescription description, TemplateRecord record) throws IOException {
    record.write(aside().resolve(RECORD));
    Files.writeString(aside().resolve(DESCRIPTION), description.text());
    Path place = template(description.name());
    // Another one by that name is not what this one is described as.
    remove(place);
    Files.move(aside(), place, StandardCopyOption.ATOMIC_MOVE);
    Files.deleteIfExists(failure(description.name()));
    Files.deleteIfExists(folder.resolve(description.name() + WANTED_SUFFIX));
  }

  /** Those that are whole, the one that was not used for the longest time first. */
  List<StoredTemplate> all() throws IOException {
    List<StoredTemplate> all = new ArrayList<>();
    for (Path place : places()) {
      try {
        if (Files.exists(place.resolve(DESCRIPTION))) {
          all.add(
              new StoredTemplate(
                  Template.in(place),
                  TemplateRecord.read(place.resolve(RECORD)),
                  Files.getLastModifiedTime(place).toInstant()));
        }
      } catch (IOException broken) {
        // Removed meanwhile, or to be removed when the next is made.
      }
    }
    all.sort(
        Comparator.comparing(StoredTemplate::lastUsed)
            .thenComparing(each -> each.template().name()));
    return all;
  }

  private List<Path> places() throws IOException {
    List<Path> places = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (name.length() == NAME_LENGTH && !name.contains(".")) {
          places.add(entry);
        }
      }
    } catch (NoSuchFileException nothing) {
      // Nobody has made a template yet.
    }
    return places;
  }

  /** Remembers that one was wanted; whether that was known. */
  boolean wantedAgain(String name) throws IOException {
    try {
      Files.createFile(folder.resolve(name + WANTED_SUFFIX));
      return false;
    } catch (FileAlreadyExistsException known) {
      return true;
    }
  }

  /** Remembers why one can't be made. */
  void failed(String name, String why) throws IOException {
    Files.writeString(failure(name), why, StandardCharsets.UTF_8);
  }

  /** Why one can't be made, if that was found out after a moment. */
  Optional<String> failure(String name, Instant after) throws IOException {
    Path file = failure(name);
    try {
      return Files.getLastModifiedTime(file).toInstant().isAfter(after)
          ? Optional.of(Files.readString(file, StandardCharsets.UTF_8))
          : Optional.empty();
    } catch (NoSuchFileException none) {
      return Optional.empty();
    }
  }

  private Path failure(String name) {
    return folder.resolve(name + FAILURE_SUFFIX);
  }

  /** Removes a template, or what has become of one; machines that were cloned from it go on. */
  static void remove(Path place) throws IOException {
    if (!Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    // From here on nobody takes it for one.
    Files.deleteIfExists(place.resolve(DESCRIPTION));
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(place)) {
      for (Path entry : entries) {
        if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
          remove(entry);
        } else {
          Files.deleteIfExists(entry);
        }
      }
    }
    Files.deleteIfExists(place);
  }
}
