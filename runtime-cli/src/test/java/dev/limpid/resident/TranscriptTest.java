package dev.limpid.resident;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What a verb has printed, as it is sent to its caller. */
class TranscriptTest {
  private final Transcript transcript = new Transcript();

  private static byte[] chunks(Object... streamsAndTexts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < streamsAndTexts.length; i += 2) {
      byte[] text = ((String) streamsAndTexts[i + 1]).getBytes(StandardCharsets.UTF_8);
      all.write((int) streamsAndTexts[i]);
      all.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(text.length).array());
      all.writeBytes(text);
    }
    return all.toByteArray();
  }

  @Test
  void nothingIsNothing() {
    assertEquals(0, transcript.bytes().length);
  }

  @Test
  void bothStreamsStayInTheirOrder() {
    transcript.err().println("first");
    transcript.out().print("second");
    transcript.out().print(" and third");
    transcript.err().print("fö");
    transcript.out().println();

    assertArrayEquals(
        chunks(2, "first\n", 1, "second and third", 2, "fö", 1, "\n"), transcript.bytes());
    assertFalse(transcript.isTooLong());
  }

  @Test
  void tooMuchIsCutAndKnown() {
    String line = "x".repeat(999);
    for (int i = 0; i < Transcript.MAX_BYTES / 1000 + 1; i++) {
      transcript.out().println(line);
    }
    transcript.err().println("unheard");

    assertTrue(transcript.isTooLong());
    byte[] bytes = transcript.bytes();
    assertTrue(bytes.length <= Transcript.MAX_BYTES, () -> bytes.length + " bytes");
    assertTrue(bytes.length > Transcript.MAX_BYTES - 2000, () -> bytes.length + " bytes");
  }
}
