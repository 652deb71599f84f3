package dev.limpid.resident;

import dev.limpid.engine.EngineException;
import dev.limpid.proto.socket.UnixSocket;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import jdk.net.ExtendedSocketOptions;

/**
 * Does verbs for others, one at a time, until nobody has called for a while. One thread does a verb
 * while the other tells whoever else calls that this process is busy; then they change places.
 */
public final class Resident {
  private static final int THREADS = 2;

  /** How long the end of this process is put off for a verb that is being done. */
  private static final int LAST_VERB_SECONDS = 30;

  /** For what is over in an instant, or will be as bad the next time. */
  private static final long RETRY_MILLIS = 100;

  private static final int MAX_FAILURES = 50;

  private final Listener listener;
  private final String identity;
  private final Installation installation;
  private final Verbs verbs;
  private final PrintStream log;
  private final UserPrincipal user;

  /** Held while a verb is done. */
  private final Semaphore free = new Semaphore(1);

  /** There will be no more verbs than the one that is being done. */
  private volatile boolean leaving;

  private final BlockingQueue<Integer> ending = new ArrayBlockingQueue<>(1);
  private volatile long lastCall = System.nanoTime();

  /**
   * A resident process that has not begun.
   *
   * @param identity what it must have in common with its callers
   * @param installation what it is a process of
   * @param log told what no caller is told
   */
  public Resident(
      Listener listener, String identity, Installation installation, Verbs verbs, PrintStream log) {
    this.listener = listener;
    this.identity = identity;
    this.installation = installation;
    this.verbs = verbs;
    this.log = log;
    try {
      user = Files.getOwner(Path.of("/proc/self"));
    } catch (IOException failed) {
      throw new EngineException("/proc/self: " + failed.getMessage(), failed);
    }
  }

  /**
   * Serves.
   *
   * @param idle how long nobody may have called
   * @return the exit status: 0, or 1 if it is not fit to go on
   */
  public int serve(Duration idle) {
    Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "resident-end"));
    for (int i = 1; i <= THREADS; i++) {
      Thread thread = new Thread(this::answerCalls, "resident-" + i);
      thread.setDaemon(true);
      thread.start();
    }
    try {
      int status = awaitEnd(idle);
      awaitLastVerb();
      listener.close();
      return status;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return 1;
    } catch (IOException failed) {
      log.println("limpid: resident: " + failed);
      return 1;
    }
  }

  private int awaitEnd(Duration idle) throws InterruptedException {
    while (true) {
      long left = idle.toNanos() - (System.nanoTime() - lastCall);
      Integer status =
          ending.poll(Math.max(left, TimeUnit.MILLISECONDS.toNanos(1)), TimeUnit.NANOSECONDS);
      if (status != null) {
        return status;
      }
      // A verb that takes that long is no reason to leave.
      if (System.nanoTime() - lastCall >= idle.toNanos() && free.tryAcquire()) {
        leaving = true;
        free.release();
        return 0;
      }
    }
  }

  private void awaitLastVerb() throws InterruptedException {
    leaving = true;
    if (free.tryAcquire(LAST_VERB_SECONDS, TimeUnit.SECONDS)) {
      free.release();
    } else {
      log.println("limpid: resident: ends before a verb has");
    }
  }

  /** Told to end from outside: after the verb that is being done. */
  private void stop() {
    try {
      awaitLastVerb();
      listener.close();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } catch (IOException failed) {
      log.println("limpid: resident: " + failed);
    }
  }

  private void answerCalls() {
    int failures = 0;
    try {
      while (failures < MAX_FAILURES) {
        try {
          answer(listener.accept());
          failures = 0;
        } catch (IOException failed) {
          // Such as too many open files.
          failures++;
          Thread.sleep(RETRY_MILLIS);
        }
      }
      log.println("limpid: resident: no calls can be taken any more");
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } catch (Error | RuntimeException broken) {
      // Nobody knows what else is broken.
      log.println("limpid: resident: ends: " + broken);
    } finally {
      ending.offer(1);
    }
  }

  private void answer(SocketChannel accepted) {
    try (SocketChannel channel = accepted;
        UnixSocket socket = UnixSocket.of(channel)) {
      if (!isOurs(channel)) {
        return;
      }
      Conversation conversation = new Conversation(socket);
      if (installation.hasChanged()) {
        leaving = true;
        ending.offer(0);
      }
      if (!begins()) {
        conversation.refuse();
        return;
      }
      try {
        if (conversation.hold(identity, verbs)) {
          lastCall = System.nanoTime();
        }
      } catch (Error | RuntimeException broken) {
        leaving = true;
        throw broken;
      } finally {
        free.release();
      }
    } catch (IOException gone) {
      // A caller that has lost its patience, which is no matter of ours.
    }
  }

  /** Whether a verb can be done now; then it is this thread that does it. */
  private boolean begins() {
    // Whoever waits for the last one is not to be overtaken again and again.
    if (leaving || !free.tryAcquire()) {
      return false;
    }
    if (leaving) {
      free.release();
      return false;
    }
    return true;
  }

  /**
   * The folder of the socket lets nobody else through; but whose folder it is, others may change.
   */
  private boolean isOurs(SocketChannel channel) throws IOException {
    return channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user().equals(user);
  }
}
