package dev.limpid.engine.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.engine.EngineException;
import dev.limpid.oci.ContainerId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The containers of one root. */
class ContainerStoreTest {
  private Path root;
  private ContainerStore store;

  @BeforeEach
  void prepare(@TempDir Path folder) {
    root = folder.resolve("run/limpid");
    store = new ContainerStore(root);
  }

  @Test
  void anIdIsTakenOnce() {
    Containers.claimed(store, "web");

    EngineException e = assertThrows(EngineException.class, () -> Containers.claimed(store, "web"));

    assertEquals("container with given ID already exists", e.getMessage());
  }

  @Test
  void aRootThatIsAFileIsNoContainerOfThisId() throws IOException {
    Files.createDirectories(root.getParent());
    Files.createFile(root);

    EngineException e = assertThrows(EngineException.class, () -> Containers.claimed(store, "web"));

    assertTrue(e.getMessage().startsWith(root + ": cannot create: "), e.getMessage());
  }

  @Test
  void aDirectoryIsForItsOwnerAlone() throws IOException {
    ContainerDirectory directory = Containers.claimed(store, "web");

    assertEquals(root.resolve("web"), directory.path());
    assertEquals(
        PosixFilePermissions.fromString("rwx------"),
        Files.getPosixFilePermissions(directory.path()));
    assertEquals(PosixFilePermissions.fromString("rwx------"), Files.getPosixFilePermissions(root));
  }

  @Test
  void findsWhatThereIs() throws IOException {
    assertThrows(NoSuchContainerException.class, () -> store.find(new ContainerId("web")));
    Files.createDirectories(root);
    Files.createFile(root.resolve("file"));
    assertThrows(NoSuchContainerException.class, () -> store.find(new ContainerId("file")));

    Containers.claimed(store, "web");
    assertEquals(root.resolve("web"), store.find(new ContainerId("web")).path());
  }

  @Test
  void listsInTheOrderOfTheIds() throws IOException {
    assertEquals(List.of(), store.list());
    for (String id : List.of("b", "a-1", "B", "10", "a", "9", ".hidden")) {
      Containers.claimed(store, id);
    }
    Files.createFile(root.resolve("file"));

    assertEquals(
        List.of(".hidden", "10", "9", "B", "a", "a-1", "b"),
        store.list().stream().map(directory -> directory.path().getFileName().toString()).toList());
  }

  @Test
  void saysThatTheRootCannotBeListed() throws IOException {
    Files.createDirectories(root.getParent());
    Files.createFile(root);

    EngineException e = assertThrows(EngineException.class, store::list);

    assertTrue(e.getMessage().startsWith(root + ": cannot list: "), e.getMessage());
  }

  @Test
  void anIdCanBeTakenAgainAfterRemoval() {
    Containers.claimed(store, "web").remove();

    assertFalse(Files.exists(root.resolve("web")));
    assertEquals(root.resolve("web"), Containers.claimed(store, "web").path());
  }

  @Test
  void aNewContainerIsLockedFromTheFirstMoment() throws IOException {
    Path lock = root.resolve("web/lock");
    try (ContainerStore.Claim claim = store.claim(new ContainerId("web"))) {
      assertEquals(root.resolve("web"), claim.directory().path());
      assertEquals(List.of(lock), files(root.resolve("web")));
    }
    assertEquals(List.of(root.resolve("web")), files(root), "nothing is left aside");
  }

  @Test
  void whatADeadVerbLeftAsideIsRemovedAndNeverListed() throws IOException {
    Path dead = Files.createDirectories(root.resolve("~4194304-abc"));
    Path alive =
        Files.createDirectories(root.resolve("~" + ProcessHandle.current().pid() + "-abc"));
    assertEquals(List.of(), store.list());

    Containers.claimed(store, "web");

    assertFalse(Files.exists(dead));
    assertTrue(Files.exists(alive));
  }

  private static List<Path> files(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.toList();
    }
  }
}
