package dev.limpid.vm.mountinfo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A line of {@code /proc/self/mountinfo} (proc(5)), as far as Limpid needs it.
 *
 * @param device the file system's device numbers, {@code major:minor}
 * @param root which directory of the file system is mounted; {@code /} is all of it
 * @param mountPoint where; absolute, without escapes
 * @param readOnly whether nothing can be written through this mount, or to the file system at all
 * @param type the file system's type, for example {@code overlay}
 * @param options the file system's own options, as the kernel prints them: a comma that does not
 *     separate them, blanks, equals signs and backslashes are escaped
 */
public record HostMount(
    String device, Path root, Path mountPoint, boolean readOnly, String type, String options) {
  private static final int DEVICE = 2;
  private static final int ROOT = 3;
  private static final int MOUNT_POINT = 4;
  private static final int MOUNT_OPTIONS = 5;

  /**
   * Reads a line.
   *
   * @return empty if it is not such a line
   */
  static Optional<HostMount> parse(String line) {
    String[] fields = line.split(" ", -1);
    int separator = MOUNT_OPTIONS + 1;
    while (separator < fields.length && !fields[separator].equals("-")) {
      separator++;
    }
    if (separator + 3 >= fields.length || !fields[MOUNT_POINT].startsWith("/")) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new HostMount(
              fields[DEVICE],
              Path.of(unescape(fields[ROOT])),
              Path.of(unescape(fields[MOUNT_POINT])),
              isReadOnly(fields[MOUNT_OPTIONS]) || isReadOnly(fields[separator + 3]),
              fields[separator + 1],
              fields[separator + 3]));
    } catch (InvalidPathException noPath) {
      return Optional.empty();
    }
  }

  /**
   * Whether a directory is the top of what this line says, and not of something that was mounted
   * over it, or over one of its parents, later.
   *
   * @throws IOException if the directory can't be looked at
   */
  public boolean isSeenAt(Path directory) throws IOException {
    return mountPoint.equals(directory) && device.equals(deviceOf(directory));
  }

  /**
   * The device numbers of the file system that a file is in, {@code major:minor}.
   *
   * @throws IOException if the file can't be looked at
   */
  public static String deviceOf(Path file) throws IOException {
    long device = (Long) Files.getAttribute(file, "unix:dev");
    // As makedev(3) packs them.
    long major = (device >>> 8 & 0xfff) | (device >>> 32 & ~0xfffL);
    long minor = (device & 0xff) | (device >>> 12 & ~0xffL & 0xffffffffL);
    return major + ":" + minor;
  }

  private static boolean isReadOnly(String options) {
    return split(options, ',').get(0).equals("ro");
  }

  /** The values of an option, in their order and without escapes; a flag has the value "". */
  List<String> values(String option) {
    List<String> values = new ArrayList<>();
    for (String each : split(options, ',')) {
      if (each.equals(option)) {
        values.add("");
      } else if (each.startsWith(option + "=")) {
        values.add(unescape(each.substring(option.length() + 1)));
      }
    }
    return values;
  }

  /** The first value of an option, if there is one. */
  Optional<String> value(String option) {
    List<String> values = values(option);
    return values.isEmpty() ? Optional.empty() : Optional.of(values.get(0));
  }

  /** Parts between separators, but for those behind a backslash, which stay as they are. */
  static List<String> split(String text, char separator) {
    List<String> parts = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == '\\') {
        i++;
      } else if (text.charAt(i) == separator) {
        parts.add(text.substring(start, i));
        start = i + 1;
      }
    }
    parts.add(text.substring(start));
    return parts;
  }

  /** The kernel writes what could be mistaken for a separator as three octal digits. */
  private static String unescape(String text) {
    if (text.indexOf('\\') < 0) {
      return text;
    }
    StringBuilder plain = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == '\\' && isOctal(text, i + 1)) {
        plain.append((char) Integer.parseInt(text.substring(i + 1, i + 4), 8));
        i += 3;
      } else {
        plain.append(text.charAt(i));
      }
    }
    return plain.toString();
  }

  private static boolean isOctal(String text, int from) {
    if (from + 3 > text.length() || text.charAt(from) > '3') {
      return false;
    }
    for (int i = from; i < from + 3; i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '7') {
        return false;
      }
    }
    return true;
  }
}
