package dev.limpid.proto.socket;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A socket in a directory, by an address that fits in the 107 bytes the kernel has for it: the path
 * itself if it is short, or else one that goes through a descriptor of the directory. A container's
 * directory is longer than that as soon as Docker names it.
 */
final class SocketName implements AutoCloseable {
  private static final int SHORT = 100;
  private static final Path OWN_DESCRIPTORS = Path.of("/proc/self/fd");

  private final UnixDomainSocketAddress address;
  private final Optional<FileChannel> directory;

  private SocketName(UnixDomainSocketAddress address, Optional<FileChannel> directory) {
    this.address = address;
    this.directory = directory;
  }

  /**
   * The address of a socket.
   *
   * @param directory the directory, absolute
   * @param name the socket's name in it
   * @throws IOException if the directory can't be opened
   */
  static SocketName in(Path directory, String name) throws IOException {
    Path path = directory.resolve(name);
    if (path.toString().getBytes(StandardCharsets.UTF_8).length <= SHORT) {
      return new SocketName(UnixDomainSocketAddress.of(path), Optional.empty());
    }
    FileChannel opened = open(directory);
    try {
      Path descriptor = descriptorOf(directory.toRealPath());
      return new SocketName(
          UnixDomainSocketAddress.of(descriptor.resolve(name)), Optional.of(opened));
    } catch (IOException failed) {
      opened.close();
      throw failed;
    }
  }

  /** Valid until this is closed. */
  UnixDomainSocketAddress address() {
    return address;
  }

  @Override
  public void close() throws IOException {
    if (directory.isPresent()) {
      directory.get().close();
    }
  }

  /** The exception's own message would be nothing but the path. */
  private static FileChannel open(Path directory) throws IOException {
    try {
      return FileChannel.open(directory, StandardOpenOption.READ);
    } catch (NoSuchFileException missing) {
      throw new IOException("no such directory", missing);
    }
  }

  /** Java does not tell a channel's descriptor; the kernel does. */
  private static Path descriptorOf(Path directory) throws IOException {
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(OWN_DESCRIPTORS)) {
      for (Path descriptor : descriptors) {
        if (leadsTo(descriptor, directory)) {
          return descriptor;
        }
      }
    }
    throw new IOException(directory + ": not among the open descriptors");
  }

  private static boolean leadsTo(Path descriptor, Path directory) throws IOException {
    try {
      return Files.readSymbolicLink(descriptor).equals(directory);
    } catch (NoSuchFileException closedMeanwhile) {
      return false;
    }
  }
}
