package dev.limpid.resident;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * What a verb prints, on both streams in their order: chunks of the stream's number in a byte,
 * their length in 4, and their bytes.
 */
public final class Transcript {
  /** More is no answer, but a reason to ask a process that can print as it goes. */
  static final int MAX_BYTES = 4 << 20;

  private static final byte OUT = 1;
  private static final byte ERR = 2;
  private static final int HEAD = 1 + Integer.BYTES;

  private final ByteArrayOutputStream chunks = new ByteArrayOutputStream();
  private final ByteArrayOutputStream last = new ByteArrayOutputStream();
  private byte lastStream;
  private boolean tooLong;

  private final PrintStream out = stream(OUT);
  private final PrintStream err = stream(ERR);

  /** An empty one. */
  public Transcript() {
    lastStream = OUT;
  }

  /** Standard output. */
  public PrintStream out() {
    return out;
  }

  /** Standard error. */
  public PrintStream err() {
    return err;
  }

  /** Whether something is missing at the end because it was too much. */
  public boolean isTooLong() {
    return tooLong;
  }

  /** The chunks. */
  byte[] bytes() {
    out.flush();
    err.flush();
    endChunk();
    return chunks.toByteArray();
  }

  private PrintStream stream(byte number) {
    return new PrintStream(
        new OutputStream() {
          @Override
          public void write(int single) {
            write(new byte[] {(byte) single}, 0, 1);
          }

          @Override
          public void write(byte[] bytes, int offset, int length) {
            add(number, bytes, offset, length);
          }
        },
        true,
        StandardCharsets.UTF_8);
  }

  private void add(byte stream, byte[] bytes, int offset, int length) {
    if (stream != lastStream) {
      endChunk();
      lastStream = stream;
    }
    if (tooLong || chunks.size() + HEAD + last.size() + length > MAX_BYTES) {
      tooLong = true;
    } else {
      last.write(bytes, offset, length);
    }
  }

  private void endChunk() {
    if (last.size() > 0) {
      ByteBuffer head = ByteBuffer.allocate(HEAD).put(lastStream).putInt(last.size());
      chunks.write(head.array(), 0, HEAD);
      chunks.writeBytes(last.toByteArray());
      last.reset();
    }
  }
}
