package dev.limpid.engine.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;

/**
 * Where the destinations of mounts lead in a root filesystem, whose symbolic links are followed as
 * if it were the root: an absolute one begins there, and none leads out of it. What does not exist
 * is taken as it is written. crun does the same, but fails on a link to nothing.
 *
 * <p>Mounts are asked for in their order: below an earlier one, nothing is known here.
 */
final class MountPlaces {
  /** As many as the kernel follows in one path. */
  private static final int LINKS_MAX = 40;

  private static final int PERMISSIONS = 07777;

  private final Path rootfs;
  private final List<String> covered = new ArrayList<>();

  /**
   * The places of one container.
   *
   * @param rootfs absolute, without symbolic links
   */
  MountPlaces(Path rootfs) {
    this.rootfs = rootfs;
  }

  /**
   * The place of the next mount, which covers it.
   *
   * @param destination as the mount has it
   * @return an absolute path; as crun shall have it
   */
  String take(String destination) {
    String place = resolve(destination);
    covered.add(place);
    return place;
  }

  /**
   * The permissions of the directory at a place, empty if there is none or it is covered.
   *
   * @param destination as the mount has it
   */
  OptionalInt permissions(String destination) {
    String place = resolve(destination);
    if (isCovered(place)) {
      return OptionalInt.empty();
    }
    Path directory = onHost(place);
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      return OptionalInt.empty();
    }
    try {
      Object mode = Files.getAttribute(directory, "unix:mode", LinkOption.NOFOLLOW_LINKS);
      return OptionalInt.of((Integer) mode & PERMISSIONS);
    } catch (IOException gone) {
      return OptionalInt.empty();
    }
  }

  private String resolve(String destination) {
    Deque<String> left = new ArrayDeque<>();
    push(left, destination);
    String place = "";
    int links = 0;
    while (!left.isEmpty()) {
      String component = left.pop();
      if (component.isEmpty() || component.equals(".")) {
        continue;
      }
      if (component.equals("..")) {
        int slash = place.lastIndexOf('/');
        place = slash < 0 ? "" : place.substring(0, slash);
        continue;
      }
      String next = place + "/" + component;
      if (isCovered(next)) {
        return next + (left.isEmpty() ? "" : "/" + String.join("/", left));
      }
      Path host = onHost(next);
      if (!Files.isSymbolicLink(host)) {
        place = next;
        continue;
      }
      String target = target(host);
      if (target.isEmpty() || ++links > LINKS_MAX) {
        return destination;
      }
      if (target.startsWith("/")) {
        place = "";
      }
      push(left, target);
    }
    return place.isEmpty() ? "/" : place;
  }

  private static void push(Deque<String> left, String path) {
    String[] components = path.split("/", -1);
    for (int i = components.length - 1; i >= 0; i--) {
      left.push(components[i]);
    }
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException gone) {
      return "";
    }
  }

  private Path onHost(String place) {
    return Path.of(rootfs + place);
  }

  private boolean isCovered(String place) {
    for (String mount : covered) {
      if (place.equals(mount) || place.startsWith(mount.equals("/") ? mount : mount + "/")) {
        return true;
      }
    }
    return false;
  }
}
