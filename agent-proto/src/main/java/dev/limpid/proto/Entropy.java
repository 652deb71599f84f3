package dev.limpid.proto;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/**
 * Random bytes for a guest that has none yet.
 *
 * @param base64 32 to 512 bytes in Base64 (RFC 4648, padded)
 */
public record Entropy(String base64) {
  private static final int MIN = 32;
  private static final int MAX = 512;
  private static final int ENOUGH = 64;
  private static final Path SOURCE = Path.of("/dev/urandom");

  /**
   * Checks the form.
   *
   * @throws IllegalArgumentException if it is not Base64 as the agent takes it, or too long or
   *     short
   */
  public Entropy {
    byte[] bytes = Base64.getDecoder().decode(base64);
    if (bytes.length < MIN || bytes.length > MAX) {
      throw new IllegalArgumentException(bytes.length + " random bytes");
    }
    // Java's decoder takes a missing padding, and bits behind the last byte; the agent does not.
    if (!Base64.getEncoder().encodeToString(bytes).equals(base64)) {
      throw new IllegalArgumentException("random bytes in Base64 without padding, or with more");
    }
  }

  /** These bytes, 32 to 512 of them. */
  public static Entropy of(byte[] bytes) {
    return new Entropy(Base64.getEncoder().encodeToString(bytes));
  }

  /**
   * Fresh bytes from the host's kernel; reading them takes less than starting Java's own generator.
   *
   * @throws IOException if /dev/urandom can't be read
   */
  public static Entropy fromHost() throws IOException {
    try (InputStream random = Files.newInputStream(SOURCE)) {
      byte[] bytes = random.readNBytes(ENOUGH);
      if (bytes.length < ENOUGH) {
        throw new IOException(SOURCE + ": ended after " + bytes.length + " bytes");
      }
      return of(bytes);
    }
  }

  /** Not the bytes: they are a secret of the guest. */
  @Override
  public String toString() {
    return "Entropy";
  }
}
