package dev.limpid.proto;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.QuotedText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A mount that the agent makes in the guest.
 *
 * @param type a type of file system, or {@code bind}; 1 to 63 bytes
 * @param source a device, tag or path; {@code layer:<uuid>} is the pmem device that holds the EROFS
 *     image of that UUID, {@code disk:<serial>} the virtio disk of that serial number; empty if the
 *     type needs none
 * @param target where; an absolute path below /run/limpid, made if missing
 * @param flags how
 * @param data the file system's own options, up to 4095 bytes: the kernel cuts what is longer;
 *     empty for a bind
 */
public record GuestMount(
    String type, String source, String target, Set<MountFlag> flags, String data) {
  /** What every target in the guest is below. */
  private static final String BASE = "/run/limpid";

  /** The type that makes a bind of a mount, with the flag or without. */
  private static final String BIND_TYPE = "bind";

  private static final int TYPE_MAX = 63;
  private static final int PATH_MAX = 4095;
  private static final int DATA_MAX = 4095;
  private static final int NAME_MAX = 255;

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException naming what is out of them
   */
  public GuestMount {
    EnumSet<MountFlag> copy = EnumSet.noneOf(MountFlag.class);
    copy.addAll(flags);
    flags = Collections.unmodifiableSet(copy);
    checkLength("type", type, 1, TYPE_MAX);
    checkLength("source", source, 0, PATH_MAX);
    checkLength("data", data, 0, DATA_MAX);
    checkPath(target);
    if (flags.contains(MountFlag.BIND) || type.equals(BIND_TYPE)) {
      checkPath(source);
      if (!data.isEmpty()) {
        throw new IllegalArgumentException("mount on " + target + ": a bind has no options");
      }
    } else if (flags.contains(MountFlag.REC)) {
      throw new IllegalArgumentException("mount on " + target + ": rec without bind");
    }
    if (flags.contains(MountFlag.RELATIME) && flags.contains(MountFlag.NOATIME)) {
      throw new IllegalArgumentException("mount on " + target + ": relatime and noatime");
    }
  }

  /** A bind of one place of the guest, below /run/limpid, to another. */
  public static GuestMount bind(String source, String target, MountFlag... more) {
    EnumSet<MountFlag> flags = EnumSet.of(MountFlag.BIND, more);
    return new GuestMount(BIND_TYPE, source, target, flags, "");
  }

  JsonObject toJson() {
    List<String> words = new ArrayList<>(flags.size());
    for (MountFlag flag : flags) {
      words.add(flag.word());
    }
    return JsonObject.builder()
        .put("type", type)
        .put("source", source)
        .put("target", target)
        .put("flags", JsonArray.ofStrings(words))
        .put("data", data)
        .build();
  }

  /**
   * Refuses what the agent would refuse as a path of its own.
   *
   * @throws IllegalArgumentException if it is not a plain absolute path below /run/limpid
   */
  static void checkPath(String path) {
    boolean plain = path.startsWith(BASE + "/");
    int at = BASE.length();
    while (plain && at < path.length()) {
      int end = path.indexOf('/', at + 1);
      end = end < 0 ? path.length() : end;
      String component = path.substring(at + 1, end);
      plain =
          !component.isEmpty()
              && !component.equals(".")
              && !component.equals("..")
              && component.getBytes(StandardCharsets.UTF_8).length <= NAME_MAX;
      at = end;
    }
    if (!plain) {
      throw new IllegalArgumentException(
          QuotedText.of(path) + " is not a plain path below " + BASE);
    }
    checkLength("path", path, 1, PATH_MAX);
  }

  private static void checkLength(String what, String text, int min, int max) {
    int length = text.getBytes(StandardCharsets.UTF_8).length;
    if (length < min || length > max) {
      throw new IllegalArgumentException(
          "a guest's mount: "
              + what
              + " of "
              + length
              + " bytes ("
              + QuotedText.of(text)
              + "): must be "
              + min
              + " to "
              + max);
    }
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "a guest's mount: " + what + " holds a NUL: " + QuotedText.of(text));
    }
  }
}
