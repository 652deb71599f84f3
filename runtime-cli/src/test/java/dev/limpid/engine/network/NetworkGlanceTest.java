package dev.limpid.engine.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What makes a namespace look different, by tables of the test's own. */
class NetworkGlanceTest {
  @TempDir private Path process;

  @BeforeEach
  void makeTables() throws IOException {
    Files.createDirectories(process.resolve("net"));
    table("dev", "  eth0:  906 11 0 0 0 0 0 0 906 11 0 0 0 0 0 0");
    table("fib_trie", "     |-- 10.9.0.2\n        /32 host LOCAL");
    table("route", "eth0\t00000000\t0100090A\t0003\t0\t0\t0\t00000000\t0\t0\t0");
    table("udp", "   0: 00000000:0035 00000000:0000 07");
    table("if_inet6", "fe800000000000000000000000000001 07 40 20 c0     eth0");
    table("ipv6_route", route("00000100 00000001 00000000 00000001     eth0"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "dev        |   eth1:  906 11 0 0 0 0 0 0 906 11 0 0 0 0 0 0",
        "fib_trie   |      |-- 10.9.0.3",
        "route      | eth0\t00000000\t0200090A\t0003\t0\t0\t0\t00000000\t0\t0\t0",
        "route      | eth0\t00000000\t0100090A\t0003\t0\t0\t9\t00000000\t0\t0\t0",
        "route      | eth0\t00000000\t0100090A\t0003\t0\t0\t0\t00000000\t9\t0\t0",
        "dev        |   xlimpid1: 906 11 0 0 0 0 0 0 906 11 0 0 0 0 0 0",
        "dev        |   limpid-x: 906 11 0 0 0 0 0 0 906 11 0 0 0 0 0 0",
        "udp        |    0: 0B00007F:CAFE 00000000:0000 07",
        "if_inet6   | fe800000000000000000000000000002 07 40 20 c0     eth0",
        "ipv6_route | ff000000000000000000000000000000 08 0 00 0 00000100 1 0 1     eth0",
      })
  void seesWhatEnginesChange(String name, String content) throws IOException {
    NetworkGlance before = NetworkGlance.at(process);
    table(name, content);
    assertNotEquals(before, NetworkGlance.at(process));
  }

  @Test
  void looksPastCountersAndOurOwnTaps() throws IOException {
    NetworkGlance before = NetworkGlance.at(process);
    table("dev", "  eth0: 9999 99 0 0 0 0 0 0 9999 99 0 0 0 0 0 0\nlimpid1: 0 0 0 0 0 0 0");
    // The address was tentative.
    table(
        "if_inet6",
        "fe800000000000000000000000000001 07 40 20 80     eth0\n"
            + "fe800000000000000000000000000009 09 40 20 80 limpid31");
    table("ipv6_route", route("00000100 00000009 00000009 00000001     eth0"));
    assertEquals(before.text().lines().toList(), NetworkGlance.at(process).text().lines().toList());
  }

  @Test
  void nothingIsSaidOfAProcessThatHasEnded() {
    assertEquals("", NetworkGlance.at(process.resolve("gone")).text());
  }

  @Test
  void nothingIsSaidOfWhatIsTooMuch() throws IOException {
    table("fib_trie", "     |-- 10.9.0.2\n".repeat(10_000));
    assertEquals("", NetworkGlance.at(process).text());
  }

  private static String route(String end) {
    return "fe800000000000000000000000000000 40 "
        + "0".repeat(32)
        + " 00 "
        + "0".repeat(32)
        + " "
        + end;
  }

  private void table(String name, String content) throws IOException {
    Files.writeString(process.resolve("net").resolve(name), content + "\n");
  }
}
