package dev.limpid.vm.network;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Addresses and prefixes as text: nothing is looked up, and nothing is guessed. */
class IpAddressTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "localhost",
        "default",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.3.-4",
        "1.2.3.+4",
        "1.2.3.04",
        "0x1.2.3.4",
        "1.2.3.4 ",
        "1.2.3.4\n",
        "1..3.4",
        "1.2.3.٤",
        ":",
        ":::",
        "1::2::3",
        "::1::",
        ":1",
        "1:",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7::8",
        "::1:2:3:4:5:6:7:8",
        "12345::",
        "g::",
        "-1::",
        "fe80::1%eth0",
        "::1.2.3",
        "::1.2.3.4:5",
        "1:2:3:4:5:6:7:1.2.3.4",
        "[::1]",
        "::١",
      })
  void refusesWhatIsNoAddress(String text) {
    assertEquals(Optional.empty(), IpAddress.parse(text));
  }

  @ParameterizedTest
  @CsvSource({
    "0.0.0.0, 0.0.0.0",
    "255.255.255.255, 255.255.255.255",
    "10.0.0.2, 10.0.0.2",
    "::, ::",
    "::1, ::1",
    "1::, 1::",
    "fe80::74f1:2ff:fed9:a153, fe80::74f1:2ff:fed9:a153",
    "FD00:0:0:0:0:0:0:00A, fd00::a",
    "1:0:0:2:0:0:0:3, 1:0:0:2::3",
    "1:0:0:2:2:0:0:3, 1::2:2:0:0:3",
    "1:2:3:4:5:6:0:8, 1:2:3:4:5:6:0:8",
    "1:2:3:4:5:6:7:8, 1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:0:0, 1:2:3:4:5:6::",
    "::ffff:1.2.3.4, ::ffff:1.2.3.4",
    "::ffff:102:304, ::ffff:1.2.3.4",
    "64:ff9b::192.0.2.1, 64:ff9b::c000:201",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  })
  void writesAddressesAsTheKernelsToolsDo(String text, String written) {
    assertEquals(written, IpAddress.parse(text).orElseThrow().text());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/8/8",
        "10.0.0.0/255.0.0.0",
        "::/129",
        "::/1000",
        "x/8",
        "10.0.0.0/٨",
      })
  void refusesWhatIsNoPrefix(String text) {
    assertEquals(Optional.empty(), Prefix.parse(text));
  }

  @ParameterizedTest
  @CsvSource({
    "10.1.2.3, 10.1.2.3/32",
    "10.1.2.3/32, 10.1.2.3/32",
    "10.1.2.3/24, 10.1.2.0/24",
    "10.1.2.3/9, 10.0.0.0/9",
    "10.1.2.3/0, 0.0.0.0/0",
    "255.255.255.255/1, 128.0.0.0/1",
    "fd00:1:2:3:4:5:6:7, fd00:1:2:3:4:5:6:7/128",
    "fd00:1:2:3:4:5:6:7/127, fd00:1:2:3:4:5:6:6/127",
    "fd00:1:2:3:4:5:6:7/65, fd00:1:2:3::/65",
    "fd00:1:2:3:4:5:6:7/64, fd00:1:2:3::/64",
    "fd00:1:2:3:4:5:6:7/63, fd00:1:2:2::/63",
    "fd00:1:2:3:4:5:6:7/0, ::/0",
  })
  void cutsPrefixes(String text, String masked) {
    assertEquals(masked, Prefix.parse(text).orElseThrow().masked().text());
  }
}
