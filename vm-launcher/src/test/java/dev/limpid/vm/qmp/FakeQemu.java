package dev.limpid.vm.qmp;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A monitor that says what it was told to: first a greeting, then for each line that it reads one
 * answer. When it has no more to say it hangs up, or is silent until the test is over.
 */
public final class FakeQemu implements AutoCloseable {
  /** What QEMU says first. */
  public static final String GREETING =
      "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 2, \"major\": 8}},"
          + " \"capabilities\": [\"oob\"]}}\r\n";

  /** The answer to a command that has none. */
  public static final String DONE = "{\"return\": {}}\r\n";

  private final ServerSocketChannel listener;
  private final Thread thread;
  private final List<String> received = Collections.synchronizedList(new ArrayList<>());

  private FakeQemu(Path directory, boolean hangsUp, List<String> says) throws IOException {
    listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(directory.resolve("qmp.sock")));
    thread = new Thread(() -> talk(hangsUp, says), "fake QEMU");
    thread.setDaemon(true);
    thread.start();
  }

  /** One that is silent when it has said all. */
  public static FakeQemu saying(Path directory, String... says) throws IOException {
    return new FakeQemu(directory, false, List.of(says));
  }

  /** One that hangs up when it has said all. */
  public static FakeQemu sayingAndHangingUp(Path directory, String... says) throws IOException {
    return new FakeQemu(directory, true, List.of(says));
  }

  /** The answer to a command that is refused. */
  public static String failure(String description) {
    return "{\"error\": {\"class\": \"GenericError\", \"desc\": \"" + description + "\"}}\r\n";
  }

  /** Something that a client says to a monitor. */
  @FunctionalInterface
  public interface Talk {
    /** Says it. */
    void with(QmpClient qmp) throws IOException;
  }

  /** What a monitor that gives these answers has been told, after its greeting was answered. */
  public static List<String> talk(Path directory, Talk talk, String... answers) throws IOException {
    String[] says = new String[answers.length + 2];
    says[0] = GREETING;
    says[1] = DONE;
    System.arraycopy(answers, 0, says, 2, answers.length);
    try (FakeQemu qemu = saying(directory, says)) {
      try (QmpClient client = QmpClient.connect(directory, Duration.ofSeconds(30))) {
        talk.with(client);
      }
      List<String> received = qemu.received();
      return received.subList(1, received.size());
    }
  }

  /** The lines that came, without their ends. */
  public List<String> received() {
    synchronized (received) {
      return List.copyOf(received);
    }
  }

  /** The same, once there are so many; whoever does not wait for answers may be ahead of us. */
  List<String> received(int count) throws InterruptedException {
    for (int i = 0; i < 1000 && received().size() < count; i++) {
      Thread.sleep(10);
    }
    return received();
  }

  @Override
  public void close() throws IOException {
    thread.interrupt();
    listener.close();
  }

  private void talk(boolean hangsUp, List<String> says) {
    try (SocketChannel connection = listener.accept()) {
      var in = Channels.newInputStream(connection);
      for (int i = 0; i < says.size(); i++) {
        if (i > 0) {
          StringBuilder line = new StringBuilder();
          for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            line.append((char) c);
          }
          received.add(line.toString());
        }
        ByteBuffer text = ByteBuffer.wrap(says.get(i).getBytes(StandardCharsets.UTF_8));
        while (text.hasRemaining()) {
          connection.write(text);
        }
      }
      while (!hangsUp && in.read() >= 0) {
        // Nobody answers.
      }
    } catch (IOException over) {
      // The client has seen enough, or the test is over.
    }
  }
}
