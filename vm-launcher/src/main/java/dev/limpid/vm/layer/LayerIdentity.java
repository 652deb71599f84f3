package dev.limpid.vm.layer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * What makes two directories the same layer, as a UUID: their path, device, inode and times of
 * change. An engine's layer never changes under its name, but the name may be used again when the
 * layer has been removed: so the same of what lies directly in it is added, which can't be all as
 * it was. Any other directory may change at any time, and is looked through.
 */
public final class LayerIdentity {
  private static final String ATTRIBUTES = "unix:dev,ino,mode,size,ctime,lastModifiedTime";
  private static final int UUID_BYTES = 16;

  /** More entries of an engine's layer are not looked at: it takes time at every start. */
  private static final int ENTRIES_MAX = 8;

  private static final char[] HEX = "0123456789abcdef".toCharArray();

  private final MessageDigest digest;

  private LayerIdentity() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /**
   * The identity of a directory.
   *
   * @param directory absolute, without symbolic links
   * @throws IOException if it, or something in it, can't be looked at
   */
  static String of(Path directory) throws IOException {
    LayerIdentity identity = new LayerIdentity();
    identity.add(directory, directory);
    if (isOfAnEngine(directory)) {
      identity.addEntries(directory);
    } else {
      identity.addAllBelow(directory);
    }
    return identity.uuid();
  }

  /**
   * The identity of several as an overlay shows them.
   *
   * @param directories the uppermost first
   * @param options how the overlay reads them
   */
  static String of(List<Path> directories, String options) throws IOException {
    LayerIdentity merged = new LayerIdentity();
    for (Path directory : directories) {
      merged.digest.update((of(directory) + "\n").getBytes(StandardCharsets.UTF_8));
    }
    merged.digest.update(("merged " + options).getBytes(StandardCharsets.UTF_8));
    return merged.uuid();
  }

  /**
   * Whether an engine keeps an image's layer there: Docker in {@code overlay2/<id>/diff}, podman in
   * {@code overlay/<id>/diff}, containerd in {@code snapshots/<number>/fs}.
   */
  public static boolean isOfAnEngine(Path directory) {
    int names = directory.getNameCount();
    if (names < 3) {
      return false;
    }
    String store = directory.getName(names - 3).toString();
    String last = directory.getName(names - 1).toString();
    return switch (store) {
      case "overlay2", "overlay" -> last.equals("diff") && isId(directory.getName(names - 2));
      case "snapshots" ->
          last.equals("fs")
              && names > 3
              && directory.getName(names - 4).toString().startsWith("io.containerd.snapshotter.");
      default -> false;
    };
  }

  /**
   * 64 hexadecimal digits, or 25 of base 36 for what Docker has built; {@code -init} may follow.
   */
  private static boolean isId(Path name) {
    String text = name.toString();
    String id = text.endsWith("-init") ? text.substring(0, text.length() - 5) : text;
    if (id.length() != 64 && id.length() != 25) {
      return false;
    }
    int radix = id.length() == 64 ? 16 : 36;
    for (int i = 0; i < id.length(); i++) {
      if (Character.digit(id.charAt(i), radix) < 0) {
        return false;
      }
    }
    return true;
  }

  private void addEntries(Path directory) throws IOException {
    List<Path> entries = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
      for (Path entry : all) {
        entries.add(entry);
      }
    }
    Collections.sort(entries);
    for (int i = 0; i < Math.min(entries.size(), ENTRIES_MAX); i++) {
      add(directory, entries.get(i));
    }
  }

  private void addAllBelow(Path directory) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes)
              throws IOException {
            add(directory, path);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path path, BasicFileAttributes attributes)
              throws IOException {
            add(directory, path);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private void add(Path top, Path path) throws IOException {
    Map<String, Object> attributes =
        Files.readAttributes(path, ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
    String text =
        (path.equals(top) ? top : top.relativize(path))
            + "\0"
            + attributes.get("dev")
            + "\0"
            + attributes.get("ino")
            + "\0"
            + attributes.get("mode")
            + "\0"
            + attributes.get("size")
            + "\0"
            + attributes.get("ctime")
            + "\0"
            + attributes.get("lastModifiedTime")
            + "\n";
    digest.update(text.getBytes(StandardCharsets.UTF_8));
  }

  private String uuid() {
    byte[] hash = digest.digest();
    StringBuilder uuid = new StringBuilder(36);
    for (int i = 0; i < UUID_BYTES; i++) {
      if (i == 4 || i == 6 || i == 8 || i == 10) {
        uuid.append('-');
      }
      uuid.append(HEX[(hash[i] >> 4) & 15]).append(HEX[hash[i] & 15]);
    }
    return uuid.toString();
  }
}
