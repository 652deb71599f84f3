package dev.limpid.proto.frame;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/** One line of the vectors that the C codec's test reads as well. Says what the file says. */
final class FrameVector {
  private static final Path FILE =
      Path.of(System.getProperty("basedir", "")).resolve("src/test/vectors/frames.txt");
  private static final int REPETITION_MAX = 16 << 20;

  final int line;
  final Direction direction;
  final String verdict;
  private final List<String> words;

  private FrameVector(int line, Direction direction, String verdict, List<String> words) {
    this.line = line;
    this.direction = direction;
    this.verdict = verdict;
    this.words = words;
  }

  /** Every vector of the file; what can't be understood is an error and not skipped. */
  static List<FrameVector> all() {
    List<FrameVector> vectors = new ArrayList<>();
    int number = 0;
    for (String line : lines()) {
      number++;
      int comment = line.indexOf('#');
      String text = (comment < 0 ? line : line.substring(0, comment)).strip();
      if (!text.isEmpty()) {
        vectors.add(parse(number, Arrays.asList(text.split("\\s+", -1))));
      }
    }
    return vectors;
  }

  boolean isValid() {
    return verdict.startsWith("ok:");
  }

  boolean isInvalid() {
    return verdict.startsWith("bad:");
  }

  boolean isPartial() {
    return verdict.equals("more");
  }

  /** For invalid ones. */
  FrameDefect defect() {
    return FrameDefect.valueOf(verdict.substring("bad:".length()).toUpperCase(Locale.ROOT));
  }

  /** Not kept: some are of 8 MiB. */
  byte[] bytes() {
    byte[][] parts = new byte[words.size()][];
    int size = 0;
    for (int i = 0; i < parts.length; i++) {
      parts[i] = bytes(words.get(i));
      size += parts[i].length;
    }
    byte[] bytes = new byte[size];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, bytes, at, part.length);
      at += part.length;
    }
    return bytes;
  }

  @Override
  public String toString() {
    return "frames.txt:" + line + ": " + direction + " " + verdict;
  }

  private static List<String> lines() {
    try {
      return Files.readAllLines(FILE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static FrameVector parse(int line, List<String> words) {
    if (words.size() < 3) {
      throw new IllegalStateException(
          "frames.txt:" + line + ": direction, verdict, bytes expected");
    }
    String direction = words.get(0).toUpperCase(Locale.ROOT).replace('-', '_');
    FrameVector vector =
        new FrameVector(
            line,
            Direction.valueOf(direction),
            words.get(1),
            List.copyOf(words.subList(2, words.size())));
    boolean known = vector.isValid() || vector.isPartial();
    if (!known
        && (!vector.isInvalid() || !vector.defect().word().equals(words.get(1).substring(4)))) {
      throw new IllegalStateException("frames.txt:" + line + ": no such verdict");
    }
    return vector;
  }

  private static byte[] bytes(String word) {
    int star = word.indexOf('*');
    if (star < 0) {
      return HexFormat.of().parseHex(word);
    }
    int count = Integer.parseInt(word, star + 1, word.length(), 10);
    if (star != 2 || count < 1 || count > REPETITION_MAX) {
      throw new IllegalStateException("bad repetition: " + word);
    }
    byte[] bytes = new byte[count];
    Arrays.fill(bytes, HexFormat.of().parseHex(word, 0, star)[0]);
    return bytes;
  }
}
