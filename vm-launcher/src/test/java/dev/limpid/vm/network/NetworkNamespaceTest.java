package dev.limpid.vm.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Programs in a namespace, and what is said when they fail. */
class NetworkNamespaceTest {
  private RealNamespace real;

  @BeforeEach
  void open() throws IOException, InterruptedException {
    assumeTrue(RealNamespace.isPossible(), "network namespaces can't be made here");
    real = RealNamespace.open();
  }

  @AfterEach
  void close() throws IOException {
    if (real != null) {
      real.close();
    }
  }

  @Test
  void namesANamespaceThatIsGone() {
    NetworkNamespace gone = new NetworkNamespace(Path.of("/proc/0/ns/net"));
    for (IOException failed :
        List.of(
            assertThrows(IOException.class, gone::read),
            assertThrows(IOException.class, () -> gone.run(List.of("true"), Optional.empty())))) {
      assertEquals("/proc/0/ns/net: no such network namespace", failed.getMessage());
    }
  }

  @Test
  void namesAFileThatIsNoNamespace() {
    NetworkNamespace wrong = new NetworkNamespace(Path.of("/proc/self/status"));
    IOException failed = assertThrows(IOException.class, wrong::read);
    assertTrue(
        failed.getMessage().startsWith("/proc/self/status: ip ")
            && failed.getMessage().contains("nsenter: "),
        failed.getMessage());
  }

  @Test
  void saysWhatIsMissing() {
    IOException failed = assertThrows(IOException.class, () -> run("no-such-program"));
    assertEquals(real.namespace().path() + ": no-such-program: not found", failed.getMessage());
  }

  @Test
  void tellsTheProgramsOwnWords() {
    IOException failed = assertThrows(IOException.class, () -> real.ip("link set dev x up\n"));
    assertTrue(
        failed
            .getMessage()
            .startsWith(
                real.namespace().path()
                    + ": ip -batch -: Cannot find device \"x\"\nCommand failed"),
        failed.getMessage());
    failed = assertThrows(IOException.class, () -> run("sh", "-c", "exit 7"));
    assertTrue(failed.getMessage().endsWith("sh -c exit 7: exit status 7"), failed.getMessage());
  }

  @Test
  void runsInTheNamespaceWithLittleAroundIt() throws IOException {
    assertEquals("lo\n", run("sh", "-c", "ip -br link | cut -d' ' -f1"));
    assertEquals("C\n", run("sh", "-c", "echo $LC_ALL"));
    assertEquals("\n", run("sh", "-c", "echo $HOME"));
  }

  @Test
  void boundsWhatIsPrinted() {
    IOException failed =
        assertThrows(IOException.class, () -> run("head", "-c", "8388609", "/dev/zero"));
    assertTrue(failed.getMessage().endsWith("prints more than 8 MiB"), failed.getMessage());
  }

  /** Whoever does not take all that it says would wait for its end in vain. */
  @Test
  @Timeout(20)
  void aProgramMayComplainAtLength() throws IOException {
    String much = "head -c 1000000 /dev/zero | tr '\\0' x >&2; echo done";
    assertEquals("done\n", run("sh", "-c", much));
    IOException failed = assertThrows(IOException.class, () -> run("sh", "-c", much + "; exit 1"));
    assertTrue(failed.getMessage().endsWith(": " + "x".repeat(4096)), failed.getMessage());
  }

  @Test
  void tellsANamespaceFromAFile(@TempDir Path directory) throws IOException {
    Path file = Files.createFile(directory.resolve("left"));
    assertFalse(new NetworkNamespace(file).exists());
    assertFalse(new NetworkNamespace(directory.resolve("none")).exists());
    assertTrue(real.namespace().exists());
  }

  @Test
  void listsLinksWhateverTheyAre() throws IOException {
    run("ip", "link", "add", "a#b", "type", "veth", "peer", "name", "p0");
    real.ip("link set p0 alias p-1\nlink add b0 type bridge\n");
    List<NamedLink> links = real.namespace().links();
    assertEquals(List.of("lo", "p0", "b0"), links.stream().map(NamedLink::name).toList());
    assertEquals(List.of("", "p-1", ""), links.stream().map(NamedLink::alias).toList());
  }

  @Test
  void passesMoreThanAPipeHoldsBothWays() throws IOException {
    String much = "0123456789abcde\n".repeat(1 << 16);
    assertEquals(much, real.namespace().run(List.of("cat"), Optional.of(much)));
  }

  @Test
  void readsANamespaceInWhichNothingIs() throws IOException {
    NetworkState state = real.namespace().read();
    assertEquals(List.of("lo"), state.links().stream().map(Link::name).toList());
    assertEquals(List.of(), state.addresses());
    assertEquals(List.of(), state.routes());
    assertEquals(Rule.defaults(), state.rules());
    assertEquals(List.of(), state.remarks());
  }

  private String run(String... command) throws IOException {
    return real.namespace().run(List.of(command), Optional.empty());
  }
}
