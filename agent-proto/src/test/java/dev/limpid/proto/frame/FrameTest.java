package dev.limpid.proto.frame;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameTest {
  @ParameterizedTest
  @CsvSource({
    // Numbers that would fit in the header's fields only after a part of them was cut off
    "DATA,     TO_SHIM,   -1,     0,     0,   1, stream",
    "DATA,     TO_SHIM,  256,     0,     0,   1, stream",
    "DATA,     TO_SHIM,    0,    -1,     0,   1, process",
    "DATA,     TO_SHIM,    0, 65536,     0,   1, process",
    "ATTACHED, FROM_SHIM,  0, 65537,     0,   0, process",
    "COMMIT,   TO_SHIM,    0, 65536,     0,   0, process",
    // Just beyond the bounds
    "DATA,     TO_SHIM,    0,  4096,     0,   1, process",
    "ATTACHED, FROM_SHIM,  0,     0,     0,   0, process",
    "DATA,     TO_SHIM,    1,     0,     0,   1, stream",
    "DATA,     FROM_SHIM,  3,     0,     0,   1, stream",
    "DATA,     TO_SHIM,    0,     0,     0,   0, length",
    "DATA,     TO_SHIM,    0,     0,     0, 32769, length",
    "DATA,     TO_SHIM,    0,     0,     1,   1, request",
    "REQUEST,  TO_SHIM,    0,     0,     0,   2, request",
    "REQUEST,  TO_SHIM,    0,     0,     1,   1, length",
    "REQUEST,  TO_SHIM,    0,     0,     1, 8388609, length",
    "REQUEST,  FROM_SHIM,  0,     0,     1,   2, direction",
    "RESULT,   FROM_SHIM,  0,     0,     0,   2, request",
    "COMMIT,   TO_AGENT,   0,     0,     0,   0, direction",
    "COMMIT,   TO_SHIM,    0,     0,     0,   1, length",
    "LOOKUP,   FROM_AGENT, 2,     0,     1,  12, stream",
    "LOOKUP,   FROM_AGENT, 1,     0,     1,  11, length",
    "LOOKUP,   FROM_SHIM,  0,     0,     1,  12, direction",
    "ANSWER,   TO_AGENT,  -1,     0,     1,   0, stream",
    "ANSWER,   TO_AGENT,   1,     0,     1, 65536, length",
    "ANSWER,   TO_AGENT,   1,     0,     0,   0, request",
    "WATCH,    TO_AGENT,   0,     0,     0,   0, direction",
    "CREDIT,   TO_SHIM,    1,     0,     0,   4, payload",
    "SIGNAL,   TO_SHIM,    0,     0,     0,   4, payload",
    "LAUNCHED, FROM_SHIM,  0,     0,     0,   8, payload",
    "HELLO,    TO_SHIM,    0,     0,     0,  12, payload"
  })
  void refusesToEncode(
      FrameKind kind,
      Direction direction,
      int stream,
      int process,
      int request,
      int length,
      String defect) {
    Frame frame = Frame.of(kind, stream, process, request, new byte[length]);

    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> FrameCodec.encode(frame, direction));

    assertEquals("bad " + defect + ": " + frame, refused.getMessage());
  }

  @Test
  void encodesTheHeaderLittleEndian() {
    Frame frame = Frame.of(FrameKind.RESULT, 0, 0, 0xfedcba98, new byte[] {'{', '}'});

    ByteBuffer bytes = FrameCodec.encode(frame, Direction.FROM_SHIM);

    assertEquals(hex("02000000" + "11" + "00" + "0000" + "98badcfe" + "7b7d"), bytes);
  }

  @Test
  void makesRequests() {
    ByteBuffer bytes =
        FrameCodec.encode(Frame.request(7, new byte[] {'{', '}'}), Direction.TO_SHIM);

    assertEquals(hex("020000001000000007000000" + "7b7d"), bytes);
  }

  @Test
  void makesBareFrames() {
    ByteBuffer bytes = FrameCodec.encode(Frame.bare(FrameKind.ATTACH), Direction.TO_SHIM);

    assertEquals(hex("000000004300000000000000"), bytes);
  }

  @Test
  void doesNotShareItsPayload() {
    byte[] bytes = {1, 2};
    Frame data = Frame.of(FrameKind.DATA, 0, 0, 0, bytes);
    Frame request = Frame.request(1, bytes);
    bytes[0] = 9;
    data.payload()[1] = 9;

    assertArrayEquals(new byte[] {1, 2}, data.payload());
    assertArrayEquals(new byte[] {1, 2}, request.payload());
  }

  @Test
  void readsWellInMessages() {
    assertEquals("COMMIT, 0 bytes", Frame.bare(FrameKind.COMMIT).toString());
    assertEquals(
        "RESULT of request 4294967295, 2 bytes",
        Frame.of(FrameKind.RESULT, 0, 0, -1, new byte[2]).toString());
  }

  private static ByteBuffer hex(String digits) {
    return ByteBuffer.wrap(HexFormat.of().parseHex(digits));
  }
}
