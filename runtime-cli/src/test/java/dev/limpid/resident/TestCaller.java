package dev.limpid.resident;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Who hands a call over, in this process. */
final class TestCaller implements AutoCloseable {
  static final String IDENTITY = "1 /";

  private final SocketChannel channel;

  private TestCaller(SocketChannel channel) {
    this.channel = channel;
  }

  static TestCaller of(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
    return new TestCaller(channel);
  }

  void asks() throws IOException {
    asksAs(IDENTITY);
  }

  void asksAs(String identity) throws IOException {
    byte[] request = (identity + "\00022\0001\0/\0000\0").getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer all = ByteBuffer.allocate(Integer.BYTES + request.length);
    channel.write(all.putInt(request.length).put(request).flip());
  }

  void says(String word) throws IOException {
    channel.write(ByteBuffer.wrap(word.getBytes(StandardCharsets.ISO_8859_1)));
  }

  /** One byte; empty at the end. */
  String hears() throws IOException {
    ByteBuffer word = ByteBuffer.allocate(1);
    channel.read(word);
    return StandardCharsets.ISO_8859_1.decode(word.flip()).toString();
  }

  /** All that comes to the end. */
  String hearsAll() throws IOException {
    StringBuilder all = new StringBuilder();
    for (String word = hears(); !word.isEmpty(); word = hears()) {
      all.append(word);
    }
    return all.toString();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
