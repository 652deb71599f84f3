package dev.limpid.proto.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HelloTest {
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, 1, 1",
    "1, 1, 1, 7, 1",
    "1, 1, 2, 3, 0",
    "1, 3, 2, 2, 2",
    "1, 3, 3, 9, 3",
    "2, 5, 1, 3, 3",
    "2, 5, 5, 9, 5",
    "2, 5, 6, 9, 0",
    "4, 5, 1, 3, 0",
    "1, 65535, 65535, 65535, 65535",
    "1, 65534, 65535, 65535, 0"
  })
  void agreesOnTheLowerOfTheHighestVersions(
      int lowest, int highest, int peerLowest, int peerHighest, int version) {
    Hello one = new Hello(lowest, highest, 1024);
    Hello other = new Hello(peerLowest, peerHighest, 2048);

    assertEquals(version, one.versionWith(other));
    assertEquals(version, other.versionWith(one));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, 1024",
    "-1, 1, 1024",
    "2, 1, 1024",
    "1, 65536, 1024",
    "65536, 65536, 1024",
    "1, 1, 1023",
    "1, 1, 0",
    "1, 1, -1",
    "1, 1, 1048577"
  })
  void refusesWhatIsOutOfRange(int lowest, int highest, int credit) {
    assertThrows(IllegalArgumentException.class, () -> new Hello(lowest, highest, credit));
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1024", "1, 65535, 1048576", "65535, 65535, 65537"})
  void survivesTheWire(int lowest, int highest, int credit) throws BadFrameException {
    Hello hello = new Hello(lowest, highest, credit);
    for (Direction direction : Direction.values()) {
      FrameDecoder decoder = new FrameDecoder(direction);
      decoder.space().put(FrameCodec.encode(hello.toFrame(), direction));

      assertEquals(hello, Hello.of(decoder.next().orElseThrow()));
    }
  }

  @Test
  void isLittleEndianBehindItsMagic() {
    ByteBuffer bytes =
        FrameCodec.encode(new Hello(1, 0x0203, 0x40506).toFrame(), Direction.TO_SHIM);

    byte[] expected =
        HexFormat.of().parseHex("0c0000000100000000000000" + "4c4d5044" + "01000302" + "06050400");
    assertEquals(ByteBuffer.wrap(expected), bytes);
  }

  @Test
  void oursSpeaksVersionOne() {
    assertTrue(Hello.OURS.lowest() <= 1 && Hello.OURS.highest() >= 1);
  }
}
