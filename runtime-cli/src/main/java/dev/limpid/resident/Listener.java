package dev.limpid.resident;

import dev.limpid.engine.EngineException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channel;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/** Where calls come in: a socket that systemd has made, or one of our own. */
public final class Listener implements AutoCloseable {
  private static final int MAX_WAITING = 8;

  /** Of a file's mode, and what it is of a socket. */
  private static final int TYPE = 0170000;

  private static final int SOCKET = 0140000;

  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private final ServerSocketChannel channel;
  private final Optional<OwnPlace> place;

  private Listener(ServerSocketChannel channel, Optional<OwnPlace> place) {
    this.channel = channel;
    this.place = place;
  }

  /**
   * Where a socket of our own is.
   *
   * @param file the socket
   * @param lock held open as long as we listen: one that is killed leaves its socket, but no lock
   */
  private record OwnPlace(Path file, FileChannel lock) {}

  /**
   * The socket that this process was started with as its standard input, if it was.
   *
   * @throws EngineException if it is one that is not for this
   */
  public static Optional<Listener> inherited() {
    try {
      Channel inherited = System.inheritedChannel();
      if (inherited instanceof ServerSocketChannel server
          && server.getLocalAddress() instanceof UnixDomainSocketAddress) {
        return Optional.of(new Listener(server, Optional.empty()));
      }
      if (inherited != null) {
        throw new EngineException("standard input is a socket, but not a listening UNIX socket");
      }
      return Optional.empty();
    } catch (IOException failed) {
      throw new EngineException("standard input: " + failed.getMessage(), failed);
    }
  }

  /**
   * A socket of our own, in a folder that is for its owner alone.
   *
   * @param file absolute
   * @throws EngineException if another process listens there, or it can't be made
   */
  public static Listener at(Path file) {
    Path folder = file.getParent();
    if (folder == null) {
      throw new EngineException(file + ": cannot be a socket");
    }
    try {
      Files.createDirectories(folder, OWNER_ONLY);
      refuseUnlessPrivate(folder);
      FileChannel lock = takePlace(folder);
      boolean bound = false;
      try {
        removeLeftOver(file);
        ServerSocketChannel channel = bind(file);
        bound = true;
        return new Listener(channel, Optional.of(new OwnPlace(file, lock)));
      } finally {
        if (!bound) {
          lock.close();
        }
      }
    } catch (IOException failed) {
      throw new EngineException(file + ": cannot listen: " + failed, failed);
    }
  }

  private static ServerSocketChannel bind(Path file) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    boolean bound = false;
    try {
      channel.bind(UnixDomainSocketAddress.of(file), MAX_WAITING);
      bound = true;
      return channel;
    } finally {
      if (!bound) {
        channel.close();
      }
    }
  }

  /** What one of us that was killed has left. Others than us know nothing of the lock. */
  private static void removeLeftOver(Path file) throws IOException {
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    int mode = (int) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if ((mode & TYPE) != SOCKET) {
      throw new EngineException(
          file + ": is there, and no socket; remove it, or name another place in LIMPID_RESIDENT");
    }
    if (isInUse(file)) {
      throw new EngineException(
          file
              + ": another process listens there, such as systemd for limpid-resident.socket; end"
              + " that, or name another place in LIMPID_RESIDENT");
    }
    Files.delete(file);
  }

  private static boolean isInUse(Path socket) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      // If too many wait before us, somebody listens too.
      channel.configureBlocking(false);
      channel.connect(UnixDomainSocketAddress.of(socket));
      return true;
    } catch (ConnectException refused) {
      return false;
    } catch (SocketException busy) {
      return true;
    }
  }

  private static void refuseUnlessPrivate(Path folder) throws IOException {
    PosixFileAttributes attributes =
        Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    boolean ours = attributes.owner().equals(Files.getOwner(Path.of("/proc/self")));
    String permissions = PosixFilePermissions.toString(attributes.permissions());
    if (!attributes.isDirectory() || !ours || !permissions.endsWith("------")) {
      throw new EngineException(
          folder + ": must be a folder that nobody but root can enter (chmod 700)");
    }
  }

  private static FileChannel takePlace(Path folder) throws IOException {
    FileChannel channel =
        FileChannel.open(
            folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock = channel.tryLock();
    if (lock == null) {
      channel.close();
      throw new EngineException(folder + ": another resident process listens there");
    }
    return channel;
  }

  /** Waits for the next call. */
  SocketChannel accept() throws IOException {
    return channel.accept();
  }

  /** Takes no more calls. A socket of systemd's goes on to collect them, for the next process. */
  @Override
  public void close() throws IOException {
    if (place.isPresent()) {
      Files.deleteIfExists(place.get().file());
    }
    channel.close();
    if (place.isPresent()) {
      place.get().lock().close();
    }
  }
}
