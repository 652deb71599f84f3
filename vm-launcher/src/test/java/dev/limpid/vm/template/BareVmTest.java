package dev.limpid.vm.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.proto.frame.Direction;
import dev.limpid.proto.frame.Frame;
import dev.limpid.proto.frame.FrameCodec;
import dev.limpid.proto.frame.FrameKind;
import dev.limpid.proto.frame.Hello;
import dev.limpid.vm.shim.ShimPlan;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A machine whose shim is a script that does nothing, and a test that speaks for it. */
@Timeout(60)
class BareVmTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir private Path folder;

  /** What the verb says when its shim, after their greeting, has told it something. */
  private IOException failureAfter(Frame told, SocketChannel shim) throws Exception {
    FutureTask<BareVm> start = new FutureTask<>(this::start);
    new Thread(start, "verb").start();
    while (Files.notExists(folder.resolve("started"))) {
      Thread.sleep(1);
    }
    shim.connect(UnixDomainSocketAddress.of(folder.resolve(BareVm.VERB_SOCKET)));
    send(shim, Hello.OURS.toFrame());
    ByteBuffer hello = ByteBuffer.allocate(Hello.OURS.toFrame().length() + Frame.HEADER_SIZE);
    while (hello.hasRemaining()) {
      assertTrue(shim.read(hello) > 0, "the verb has closed its end");
    }
    send(shim, told);
    ExecutionException failed = assertThrows(ExecutionException.class, start::get);
    return (IOException) failed.getCause();
  }

  private BareVm start() throws IOException {
    Path script = folder.resolve("shim");
    Files.writeString(script, "#!/bin/sh\n: > \"$(dirname \"$2\")/started\"\nexec sleep 1000\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    return BareVm.start(script, folder, new ShimPlan(folder, BareVm.VERB_SOCKET), PATIENCE);
  }

  private static void send(SocketChannel shim, Frame frame) throws IOException {
    ByteBuffer bytes = FrameCodec.encode(frame, Direction.FROM_SHIM);
    while (bytes.hasRemaining()) {
      shim.write(bytes);
    }
  }

  @Test
  void aLaunchThatFailsLeavesNoLink() throws Exception {
    byte[] failure =
        "{\"code\":\"system\",\"message\":\"no hypervisor\"}".getBytes(StandardCharsets.UTF_8);
    try (SocketChannel shim = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      IOException failed = failureAfter(Frame.of(FrameKind.FAILURE, 0, 0, 0, failure), shim);

      assertTrue(failed.getMessage().contains("no hypervisor"), failed::toString);
      shim.configureBlocking(false);
      assertEquals(-1, shim.read(ByteBuffer.allocate(1)), "the verb's end is open");
    }
  }
}
