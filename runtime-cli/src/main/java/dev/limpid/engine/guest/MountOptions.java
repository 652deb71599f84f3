package dev.limpid.engine.guest;

import dev.limpid.oci.json.JsonCursor;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The options of a mount (config.md, "Linux mount options"), read as runc reads them: in their
 * order, so that of two that contradict each other the last one holds, and what is no option of
 * Linux is one of the file system.
 *
 * <p>An option for the mount and all below it (such as {@code rro}) is the same as one for the
 * mount alone: at that time nothing is mounted below it in the guest. What there is on the host
 * comes as one file system.
 */
final class MountOptions {
  /** How user and group ids are mapped, by {@code idmap} or {@code ridmap}. */
  enum Identities {
    /** Not at all. */
    KEPT,
    /** In the mount itself. */
    MAPPED,
    /** In what is mounted below as well. */
    MAPPED_BELOW
  }

  /** What a mount can be, by the word that makes it so. */
  private enum Flag {
    RO,
    NOSUID,
    NODEV,
    NOEXEC,
    SYNC,
    REMOUNT,
    MAND,
    DIRSYNC,
    NOATIME,
    NODIRATIME,
    RELATIME,
    STRICTATIME,
    /** crun takes it for an option of the file system, and so does the kernel. */
    LAZYTIME;

    /** Without toLowerCase, which would need a locale. */
    String word() {
      return switch (this) {
        case RO -> "ro";
        case NOSUID -> "nosuid";
        case NODEV -> "nodev";
        case NOEXEC -> "noexec";
        case SYNC -> "sync";
        case REMOUNT -> "remount";
        case MAND -> "mand";
        case DIRSYNC -> "dirsync";
        case NOATIME -> "noatime";
        case NODIRATIME -> "nodiratime";
        case RELATIME -> "relatime";
        case STRICTATIME -> "strictatime";
        case LAZYTIME -> "lazytime";
      };
    }
  }

  private final Set<Flag> flags = EnumSet.noneOf(Flag.class);
  private final List<JsonCursor> propagations = new ArrayList<>();
  private final List<JsonCursor> unknown = new ArrayList<>();
  private boolean bind;
  private boolean recursive;
  private Optional<JsonCursor> copyUp = Optional.empty();
  private boolean followsSymlinks = true;
  private Identities identities = Identities.KEPT;

  private MountOptions() {}

  /**
   * Reads the options of a mount.
   *
   * @throws dev.limpid.oci.json.InvalidSpecException if they are not strings
   */
  static MountOptions of(JsonCursor mount) {
    MountOptions options = new MountOptions();
    options.bind = isOfType(mount, "bind");
    for (JsonCursor option : mount.optionalElements("options")) {
      options.read(option);
    }
    return options;
  }

  private static boolean isOfType(JsonCursor mount, String type) {
    Optional<String> found = mount.optionalString("type");
    return found.isPresent() && found.get().equals(type);
  }

  /** Something of the host is bound, rather than a file system mounted. */
  boolean isBind() {
    return bind;
  }

  /** With what is mounted below it. */
  boolean isRecursive() {
    return recursive;
  }

  /** What is mounted there already is changed. */
  boolean isRemount() {
    return flags.contains(Flag.REMOUNT);
  }

  boolean isReadOnly() {
    return flags.contains(Flag.RO);
  }

  Identities identities() {
    return identities;
  }

  /** Whether symbolic links in it are followed; the guest's crun has no word for it. */
  boolean followsSymlinks() {
    return followsSymlinks;
  }

  /** The words for its propagation, such as {@code rslave}, in their order. */
  List<JsonCursor> propagations() {
    return propagations;
  }

  /** The options that are none of Linux, in their order. */
  List<JsonCursor> unknown() {
    return unknown;
  }

  /**
   * The value of an option of the file system, for example of {@code mode}; the last one counts.
   */
  Optional<String> value(String name) {
    Optional<String> value = Optional.empty();
    for (JsonCursor option : unknown) {
      int at = 0;
      String text = option.asString();
      while (at <= text.length()) {
        int comma = text.indexOf(',', at);
        int end = comma < 0 ? text.length() : comma;
        if (text.startsWith(name + "=", at)) {
          value = Optional.of(text.substring(at + name.length() + 1, end));
        }
        at = end + 1;
      }
    }
    return value;
  }

  /**
   * Refuses {@code tmpcopyup} for anything but a tmpfs.
   *
   * @param mount whose options these are
   */
  void checkCopyUp(JsonCursor mount) {
    if (copyUp.isPresent() && (bind || !isOfType(mount, "tmpfs"))) {
      throw copyUp.get().invalid("can't be had: only a tmpfs is filled");
    }
  }

  /**
   * The words for crun, which knows nothing of an option that takes another one back. Never empty:
   * without any, crun would choose some by the destination.
   */
  List<String> forCrun() {
    List<String> words = new ArrayList<>();
    if (bind) {
      words.add(recursive ? "rbind" : "bind");
      // It would be shared with the rest of the guest where the root is.
      words.add("private");
    }
    for (Flag flag : flags) {
      // A bind can't have it: it is the file system's.
      if (flag != Flag.LAZYTIME || !bind) {
        words.add(flag.word());
      }
    }
    if (copyUp.isPresent()) {
      words.add("tmpcopyup");
    }
    for (JsonCursor option : unknown) {
      words.add(option.asString());
    }
    if (words.isEmpty()) {
      words.add("defaults");
    }
    return words;
  }

  private void read(JsonCursor option) {
    switch (option.asString()) {
      case "bind" -> bind = true;
      case "rbind" -> {
        bind = true;
        recursive = true;
      }
      case "private",
          "rprivate",
          "shared",
          "rshared",
          "slave",
          "rslave",
          "unbindable",
          "runbindable" ->
          propagations.add(option);
      case "idmap" -> identities = Identities.MAPPED;
      case "ridmap" -> identities = Identities.MAPPED_BELOW;
      case "tmpcopyup" -> copyUp = Optional.of(option);
      case "nosymfollow", "rnosymfollow" -> followsSymlinks = false;
      case "symfollow", "rsymfollow" -> followsSymlinks = true;
      case "defaults" -> {}
      // The guest's kernel counts versions wherever it can, and what it says of a mount in its log
      // is nobody's to read.
      case "iversion", "noiversion", "loud", "silent" -> {}
      default -> {
        if (!readFlag(option.asString())) {
          unknown.add(option);
        }
      }
    }
  }

  private boolean readFlag(String word) {
    switch (word) {
      case "ro", "rro" -> flags.add(Flag.RO);
      case "rw", "rrw" -> flags.remove(Flag.RO);
      case "nosuid", "rnosuid" -> flags.add(Flag.NOSUID);
      case "suid", "rsuid" -> flags.remove(Flag.NOSUID);
      case "nodev", "rnodev" -> flags.add(Flag.NODEV);
      case "dev", "rdev" -> flags.remove(Flag.NODEV);
      case "noexec", "rnoexec" -> flags.add(Flag.NOEXEC);
      case "exec", "rexec" -> flags.remove(Flag.NOEXEC);
      case "sync" -> flags.add(Flag.SYNC);
      case "async" -> flags.remove(Flag.SYNC);
      case "remount" -> flags.add(Flag.REMOUNT);
      case "mand" -> flags.add(Flag.MAND);
      case "nomand" -> flags.remove(Flag.MAND);
      case "dirsync" -> flags.add(Flag.DIRSYNC);
      case "noatime" -> flags.add(Flag.NOATIME);
      case "atime" -> flags.remove(Flag.NOATIME);
      case "nodiratime", "rnodiratime" -> flags.add(Flag.NODIRATIME);
      case "diratime", "rdiratime" -> flags.remove(Flag.NODIRATIME);
      case "relatime" -> flags.add(Flag.RELATIME);
      case "norelatime", "rnorelatime" -> flags.remove(Flag.RELATIME);
      case "strictatime" -> flags.add(Flag.STRICTATIME);
      case "nostrictatime", "rnostrictatime" -> flags.remove(Flag.STRICTATIME);
      case "lazytime" -> flags.add(Flag.LAZYTIME);
      case "nolazytime" -> flags.remove(Flag.LAZYTIME);
      // Of these, one replaces the others.
      case "ratime", "rrelatime" -> accessTimes(Flag.RELATIME);
      case "rnoatime" -> accessTimes(Flag.NOATIME);
      case "rstrictatime" -> accessTimes(Flag.STRICTATIME);
      default -> {
        return false;
      }
    }
    return true;
  }

  private void accessTimes(Flag flag) {
    flags.remove(Flag.RELATIME);
    flags.remove(Flag.NOATIME);
    flags.remove(Flag.STRICTATIME);
    flags.add(flag);
  }
}
