package dev.limpid.vm.hypervisor;

import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.proto.socket.Deadline;
import dev.limpid.proto.socket.UnixListener;
import dev.limpid.proto.socket.UnixSocket;
import dev.limpid.vm.qmp.QmpClient;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A virtual machine is stopped, and goes on as another one. Its memory is in a file of its own, so
 * that QEMU, for which this is a migration, has to save the state of the devices only.
 */
public final class Suspension {
  /** QEMU's working directory is the machine's. */
  private static final String SOCKET = "state.sock";

  /** Some hundred times what it usually is, in bytes. */
  private static final long STATE_MAX = 64L << 20;

  private static final int BUFFER = 1 << 16;
  private static final long POLL_MILLIS = 1;

  private Suspension() {}

  /**
   * Stops a machine, in the middle of whatever it does, and saves the state of its devices.
   *
   * @param qmp its monitor
   * @param directory its directory; absolute
   * @param state the file that is made
   * @param patience how long all of that may take
   * @throws IOException if it can't be done; what is in the file then is of no use
   */
  public static void save(QmpClient qmp, Path directory, Path state, Duration patience)
      throws IOException {
    Deadline deadline = Deadline.in(patience);
    memoryStaysWhereItIs(qmp, patience);
    try (UnixListener listener = UnixListener.open(directory, SOCKET)) {
      qmp.execute("migrate", JsonObject.builder().put("uri", "unix:" + SOCKET).build(), patience);
      Optional<UnixSocket> accepted = listener.accept(deadline, () -> true);
      try (UnixSocket socket = accepted.orElseThrow()) {
        copy(socket, state, deadline);
      }
    }
    while (true) {
      String status = answer(qmp, "query-migrate", patience);
      switch (status) {
        case "completed" -> {
          return;
        }
        case "setup", "active", "device" -> pause(deadline);
        default -> throw new IOException("QEMU can't save the machine: its migration is " + status);
      }
    }
  }

  /**
   * Restores a machine that was saved. It stays stopped until its monitor is told to {@code cont}.
   *
   * @param qmp the monitor of a hypervisor that waits for it
   * @param stateDescriptor that of the state, in the hypervisor
   * @param patience how long that may take
   * @throws IOException if it does not
   */
  public static void restore(QmpClient qmp, int stateDescriptor, Duration patience)
      throws IOException {
    Deadline deadline = Deadline.in(patience);
    memoryStaysWhereItIs(qmp, patience);
    qmp.execute(
        "migrate-incoming",
        JsonObject.builder().put("uri", "fd:" + stateDescriptor).build(),
        patience);
    while (true) {
      String status = answer(qmp, "query-status", patience);
      switch (status) {
        case "paused" -> {
          return;
        }
        case "inmigrate" -> pause(deadline);
        default -> throw new IOException("QEMU can't restore the machine: it is " + status);
      }
    }
  }

  private static void memoryStaysWhereItIs(QmpClient qmp, Duration patience) throws IOException {
    JsonObject shared =
        JsonObject.builder().put("capability", "x-ignore-shared").put("state", true).build();
    qmp.execute(
        "migrate-set-capabilities",
        JsonObject.builder().put("capabilities", new JsonArray(List.of(shared))).build(),
        patience);
  }

  private static String answer(QmpClient qmp, String query, Duration patience) throws IOException {
    try {
      // Nothing has been begun yet if it is not there.
      return qmp.execute(query, patience).optionalString("status").orElse("setup");
    } catch (DocumentException wrong) {
      throw new IOException(wrong.getMessage(), wrong);
    }
  }

  private static void copy(UnixSocket socket, Path state, Deadline deadline) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    try (FileChannel file =
        FileChannel.open(
            state,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      long total = 0;
      int count = socket.read(buffer, deadline);
      while (count >= 0) {
        total += count;
        if (total > STATE_MAX) {
          throw new IOException("the state of the devices takes more than " + STATE_MAX + " bytes");
        }
        buffer.flip();
        while (buffer.hasRemaining()) {
          file.write(buffer);
        }
        count = socket.read(buffer.clear(), deadline);
      }
    }
  }

  private static void pause(Deadline deadline) throws IOException {
    if (deadline.isOver()) {
      throw new IOException("QEMU takes longer than " + deadline);
    }
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }
}
