package dev.limpid.engine.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is in a network namespace, by a /proc of the test's own. */
class NamespaceUsersTest {
  @TempDir private Path proc;
  private Path network;
  private Path otherNetwork;

  @BeforeEach
  void makeNamespaces() throws IOException {
    network = Files.createFile(proc.resolve("network"));
    otherNetwork = Files.createFile(proc.resolve("other-network"));
    process("self", otherNetwork, "pid:[1]");
  }

  @Test
  void nobodyIsInAnEmptyOne() throws IOException {
    process("10", otherNetwork, "pid:[2]");

    assertEquals(Optional.empty(), users());
  }

  @Test
  void aContainersProcessIs() throws IOException {
    process("10", otherNetwork, "pid:[2]");
    process("11", network, "pid:[2]");

    assertEquals(Optional.of("11"), users());
  }

  @Test
  void aProcessOfTheHostIsNoContainers() throws IOException {
    process("10", network, "pid:[1]");

    assertEquals(Optional.empty(), users());
  }

  @Test
  void aProcessThatEndsMeanwhileIsNobody() throws IOException {
    Files.createDirectory(proc.resolve("10"));
    Path ns = Files.createDirectories(proc.resolve("11/ns"));
    Files.createLink(ns.resolve("net"), network);

    assertEquals(Optional.empty(), users());
  }

  @Test
  void aNamespaceThatIsGoneIsAFailure() {
    NamespaceUsers users = new NamespaceUsers(proc);
    assertThrows(IOException.class, () -> users.containerIn(proc.resolve("none")));
    assertThrows(IOException.class, () -> users.hostIsIn(proc.resolve("none")));
  }

  @Test
  void theHostIsWhereThisProcessIs() throws IOException {
    assertTrue(new NamespaceUsers(proc).hostIsIn(otherNetwork));
    assertFalse(new NamespaceUsers(proc).hostIsIn(network));
  }

  @Test
  void theHostIsWhereItsFirstProcessIs() throws IOException {
    process("1", network, "pid:[1]");

    assertTrue(new NamespaceUsers(proc).hostIsIn(network));
  }

  @Test
  void aFirstProcessThatCannotBeLookedAtSaysNothing() throws IOException {
    Files.createDirectory(proc.resolve("1"));

    assertFalse(new NamespaceUsers(proc).hostIsIn(network));
  }

  private Optional<String> users() throws IOException {
    return new NamespaceUsers(proc).containerIn(network);
  }

  private void process(String pid, Path net, String pidNamespace) throws IOException {
    Path ns = Files.createDirectories(proc.resolve(pid + "/ns"));
    Files.createLink(ns.resolve("net"), net);
    Files.createSymbolicLink(ns.resolve("pid"), Path.of(pidNamespace));
  }
}
