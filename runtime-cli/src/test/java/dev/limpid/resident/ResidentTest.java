package dev.limpid.resident;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** When it ends, and what it finishes before. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ResidentTest {
  private static final Duration LONG = Duration.ofHours(1);
  private static final String DONE = "A\3\0\0\0\0";

  @TempDir private Path folder;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private final ByteArrayOutputStream log = new ByteArrayOutputStream();
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch held = new CountDownLatch(1);
  private Path jars;
  private Path socket;
  private Listener listener;

  @BeforeEach
  void listen() throws Exception {
    jars = Files.createDirectories(folder.resolve("jars"));
    socket = folder.resolve("resident/socket");
    listener = Listener.at(socket);
  }

  @AfterEach
  void end() throws Exception {
    held.countDown();
    listener.close();
    thread.shutdownNow();
  }

  private Future<Integer> serve(Duration idle, Verbs verbs) {
    Resident resident =
        new Resident(
            listener,
            TestCaller.IDENTITY,
            Installation.of(List.of(jars, folder.resolve("none"))),
            verbs,
            new PrintStream(log, true, StandardCharsets.UTF_8));
    return thread.submit(() -> resident.serve(idle));
  }

  private int slow() {
    begun.countDown();
    try {
      held.await();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    return 3;
  }

  /** A call that is being done. */
  private TestCaller calling() throws Exception {
    TestCaller caller = TestCaller.of(socket);
    caller.asks();
    assertEquals("T", caller.hears());
    caller.says("G");
    return caller;
  }

  private static boolean goesOn(Future<Integer> served) throws Exception {
    try {
      served.get(500, TimeUnit.MILLISECONDS);
      return false;
    } catch (TimeoutException expected) {
      return true;
    }
  }

  @Test
  void itLeavesWhenTheInstallationHasChanged() throws Exception {
    Future<Integer> served = serve(LONG, (request, transcript, waiting) -> slow());
    try (TestCaller caller = calling()) {
      begun.await();
      Files.createFile(jars.resolve("new.jar"));
      try (TestCaller next = TestCaller.of(socket)) {
        assertEquals("R", next.hearsAll());
      }
      assertTrue(goesOn(served), "it leaves before a verb has ended");
      held.countDown();
      assertEquals(DONE, caller.hearsAll());
    }
    assertEquals(0, served.get());
    assertFalse(Files.exists(socket));
  }

  /** Or those of another namespace would keep it for ever. */
  @Test
  void callsThatAreNotForItDoNotKeepIt() throws Exception {
    Future<Integer> served = serve(Duration.ofSeconds(2), (request, transcript, waiting) -> 0);
    while (!served.isDone() && Files.exists(socket)) {
      try (TestCaller caller = TestCaller.of(socket)) {
        caller.asksAs("another");
        caller.hearsAll();
      } catch (IOException gone) {
        // It has left in between.
      }
    }
    assertEquals(0, served.get());
  }

  @Test
  void whenNoMoreCallsComeInItFinishesTheOneThatItHas() throws Exception {
    Future<Integer> served = serve(LONG, (request, transcript, waiting) -> slow());
    try (TestCaller caller = calling()) {
      begun.await();
      listener.close();
      while (!log.toString(StandardCharsets.UTF_8).contains("no calls can be taken any more")) {
        Thread.sleep(10);
      }
      assertTrue(goesOn(served), "it leaves before a verb has ended");
      held.countDown();
      assertEquals(DONE, caller.hearsAll());
    }
    assertEquals(1, served.get());
  }

  @Test
  void afterAnErrorItDoesNoMore() throws Exception {
    Future<Integer> served =
        serve(
            LONG,
            (request, transcript, waiting) -> {
              throw new NoClassDefFoundError("of a test");
            });
    try (TestCaller caller = calling()) {
      assertEquals("", caller.hearsAll());
    }
    assertEquals(1, served.get());
    assertTrue(log.toString(StandardCharsets.UTF_8).contains("NoClassDefFoundError: of a test"));
  }
}
