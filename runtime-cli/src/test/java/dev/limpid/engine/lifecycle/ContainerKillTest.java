package dev.limpid.engine.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.engine.EngineContext;
import dev.limpid.engine.RecordingJournal;
import dev.limpid.engine.Signal;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerRecord.Phase;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.container.HostProcess;
import dev.limpid.engine.trace.Trace;
import dev.limpid.oci.ContainerId;
import dev.limpid.proto.frame.Direction;
import dev.limpid.proto.frame.Frame;
import dev.limpid.proto.frame.FrameCodec;
import dev.limpid.proto.frame.FrameDecoder;
import dev.limpid.proto.frame.FrameKind;
import dev.limpid.proto.frame.Hello;
import dev.limpid.vm.cgroup.HostCgroup;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Scanner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kills at whose side another verb pauses: their agent and their monitor are the test's. */
@Timeout(60)
class ContainerKillTest {
  private static final ContainerId ID = new ContainerId("c");

  @TempDir private Path root;

  private final List<String> events = Collections.synchronizedList(new ArrayList<>());
  private final List<ServerSocketChannel> listeners = new ArrayList<>();
  private ContainerRecord container;
  private ContainerDirectory directory;

  private interface Serving {
    void serve(SocketChannel connection) throws Exception;
  }

  @BeforeEach
  void makeContainer() throws IOException {
    container =
        new ContainerRecord(
            ID,
            Phase.RUNNING,
            false,
            Optional.of(HostProcess.of(ProcessHandle.current().pid())),
            List.of(),
            root,
            root,
            Instant.EPOCH,
            Map.of(),
            List.of(),
            Optional.empty(),
            HostCgroup.NONE);
    try (ContainerStore.Claim claim = new ContainerStore(root).claim(ID)) {
      directory = claim.directory();
      directory.write(container);
    }
    listen("qmp.sock", this::serveMonitor);
  }

  @AfterEach
  void stopListening() throws IOException {
    for (ServerSocketChannel listener : listeners) {
      listener.close();
    }
  }

  private void listen(String name, Serving serving) throws IOException {
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(directory.path().resolve(name)));
    listeners.add(listener);
    Thread thread = new Thread(() -> serveAll(listener, serving), name);
    thread.setDaemon(true);
    thread.start();
  }

  private void serveAll(ServerSocketChannel listener, Serving serving) {
    try {
      while (true) {
        try (SocketChannel connection = listener.accept()) {
          serving.serve(connection);
        }
      }
    } catch (Exception over) {
      events.add("over: " + over.getClass().getSimpleName());
    }
  }

  private void serveMonitor(SocketChannel connection) throws IOException {
    say(connection, "{\"QMP\": {}}\n");
    Scanner lines = new Scanner(Channels.newInputStream(connection), StandardCharsets.UTF_8);
    while (lines.hasNextLine()) {
      String line = lines.nextLine();
      if (line.contains("cont")) {
        events.add("awakened");
      }
      say(connection, "{\"return\": {}}\n");
    }
  }

  /** Answers a request when something has been done. */
  private void serveAgent(SocketChannel connection, Serving before) throws Exception {
    FrameDecoder decoder = new FrameDecoder(Direction.TO_SHIM);
    while (connection.read(decoder.space()) >= 0) {
      for (Optional<Frame> frame = decoder.next(); frame.isPresent(); frame = decoder.next()) {
        if (frame.get().kind() == FrameKind.HELLO) {
          send(connection, Hello.OURS.toFrame());
          continue;
        }
        events.add("signalled");
        byte[] nothing = "{}".getBytes(StandardCharsets.UTF_8);
        before.serve(connection);
        send(connection, Frame.of(FrameKind.RESULT, 0, 0, frame.get().request(), nothing));
      }
    }
  }

  private static void say(SocketChannel connection, String text) throws IOException {
    write(connection, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static void send(SocketChannel connection, Frame frame) throws IOException {
    write(connection, FrameCodec.encode(frame, Direction.FROM_SHIM));
  }

  private static void write(SocketChannel connection, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      connection.write(bytes);
    }
  }

  private void kill(Signal signal) {
    EngineContext context =
        new EngineContext(
            root,
            root,
            Map.of(),
            Clock.systemUTC(),
            new RecordingJournal(),
            Trace.NONE,
            Optional.empty(),
            "text",
            false,
            Optional.empty());
    new ContainerKill(context).kill(ID, signal, false);
  }

  /** The verb beside, from the moment at which the agent has the signal. */
  private Thread onceSignalled(Runnable then) {
    Thread thread =
        new Thread(
            () -> {
              while (!events.contains("signalled")) {
                Thread.onSpinWait();
              }
              then.run();
            },
            "pause");
    thread.start();
    return thread;
  }

  @Test
  void whatIsPausedMeanwhileIsLetEnd() throws Exception {
    Process pause = OtherVerb.start(root, ID);
    listen(
        "shim.sock",
        connection -> serveAgent(connection, at -> directory.write(container.paused(true))));
    Thread halting =
        onceSignalled(
            () -> {
              events.add("halted");
              pause.destroyForcibly();
            });

    kill(Signal.KILL);

    halting.join();
    pause.waitFor();
    assertEquals(List.of("signalled", "halted", "awakened"), List.copyOf(events));
  }

  @Test
  void whatIsHaltedBeforeItAnswersIsAwakened() throws Exception {
    listen(
        "shim.sock",
        connection ->
            serveAgent(
                connection,
                at -> {
                  directory.write(container.paused(true));
                  while (!events.contains("awakened")) {
                    Thread.sleep(1);
                  }
                }));

    kill(new Signal(15));

    assertEquals(List.of("signalled", "awakened"), List.copyOf(events).subList(0, 2));
  }

  @Test
  void whatIsNotPausedIsNotAwakened() throws Exception {
    listen("shim.sock", connection -> serveAgent(connection, at -> {}));

    kill(Signal.KILL);

    assertEquals(List.of("signalled"), List.copyOf(events));
  }

  @Test
  void anotherSignalWaitsUntilTheContainerIsResumed() throws Exception {
    Process pause = OtherVerb.start(root, ID);
    listen(
        "shim.sock",
        connection -> serveAgent(connection, at -> directory.write(container.paused(true))));

    Thread over = onceSignalled(pause::destroyForcibly);

    kill(new Signal(15));

    over.join();
    pause.waitFor();
    assertEquals(List.of("signalled"), List.copyOf(events));
  }
}
