package dev.limpid.vm.hypervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.vm.qmp.FakeQemu;
import dev.limpid.vm.qmp.QmpException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What QEMU is told when a VM is stopped, and when it goes on. */
class SuspensionTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final String CAPABILITY =
      "{\"execute\":\"migrate-set-capabilities\",\"arguments\":{\"capabilities\":"
          + "[{\"capability\":\"x-ignore-shared\",\"state\":true}]}}";
  private static final String QUERY = "{\"execute\":\"query-status\"}";

  @TempDir private Path directory;

  private static String status(String status) {
    return "{\"return\": {\"status\": \"" + status + "\"}}\n";
  }

  private List<String> restore(String... answers) throws IOException {
    return FakeQemu.talk(directory, qmp -> Suspension.restore(qmp, 7, PATIENCE), answers);
  }

  @Test
  void restoresWhenTheMemoryIsKnownToStay() throws IOException {
    assertEquals(
        List.of(
            CAPABILITY,
            "{\"execute\":\"migrate-incoming\",\"arguments\":{\"uri\":\"fd:7\"}}",
            QUERY,
            QUERY),
        restore(FakeQemu.DONE, FakeQemu.DONE, status("inmigrate"), status("paused")));
  }

  @Test
  void whatQemuDoesNotRestoreIsAnError() {
    IOException e =
        assertThrows(
            IOException.class,
            () -> restore(FakeQemu.DONE, FakeQemu.DONE, status("internal-error")));
    assertEquals("QEMU can't restore the machine: it is internal-error", e.getMessage());
  }

  @Test
  void whatQemuRefusesIsAnError() {
    assertThrows(
        QmpException.class, () -> restore(FakeQemu.DONE, FakeQemu.failure("no such descriptor")));
  }

  /** As QEMU, which connects to where it is told to. */
  private Thread sending(String state) {
    Thread sender =
        new Thread(
            () -> {
              Path socket = directory.resolve("state.sock");
              for (int i = 0; i < 1000 && !Files.exists(socket); i++) {
                pause();
              }
              try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                channel.connect(UnixDomainSocketAddress.of(socket));
                ByteBuffer bytes = ByteBuffer.wrap(state.getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                  channel.write(bytes);
                }
              } catch (IOException gone) {
                // The test sees it.
              }
            });
    sender.start();
    return sender;
  }

  private static void pause() {
    try {
      Thread.sleep(5);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private List<String> save(Path state, String... answers) throws Exception {
    Thread sender = sending("the state");
    try {
      return FakeQemu.talk(
          directory, qmp -> Suspension.save(qmp, directory, state, PATIENCE), answers);
    } finally {
      sender.join();
    }
  }

  @Test
  void savesWhatQemuSendsUntilItIsThrough() throws Exception {
    Path state = directory.resolve("state");

    List<String> commands =
        save(
            state,
            FakeQemu.DONE,
            FakeQemu.DONE,
            "{\"return\": {}}\n",
            status("active"),
            status("completed"));

    assertEquals(CAPABILITY, commands.get(0));
    assertEquals(
        "{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"unix:state.sock\"}}", commands.get(1));
    assertEquals("the state", Files.readString(state));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(state)));
    assertTrue(Files.notExists(directory.resolve("state.sock")));
  }

  @Test
  void whatQemuDoesNotSaveIsAnError() {
    IOException e =
        assertThrows(
            IOException.class,
            () -> save(directory.resolve("a"), FakeQemu.DONE, FakeQemu.DONE, status("failed")));
    assertEquals("QEMU can't save the machine: its migration is failed", e.getMessage());
  }

  @Test
  void nothingIsOverwritten() throws Exception {
    Path there = Files.createFile(directory.resolve("there"));
    assertThrows(FileAlreadyExistsException.class, () -> save(there, FakeQemu.DONE, FakeQemu.DONE));
  }
}
