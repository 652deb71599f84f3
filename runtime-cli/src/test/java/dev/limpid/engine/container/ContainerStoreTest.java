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
    store.claim(new ContainerId("web"));

    EngineException e =
        assertThrows(EngineException.class, () -> store.claim(new ContainerId("web")));

    assertEquals("container with given ID already exists", e.getMessage());
  }

  @Test
  void aRootThatIsAFileIsNoContainerOfThisId() throws IOException {
    Files.createDirectories(root.getParent());
    Files.createFile(root);

    EngineException e =
        assertThrows(EngineException.class, () -> store.claim(new ContainerId("web")));

    assertTrue(e.getMessage().startsWith(root + ": cannot create: "), e.getMessage());
  }

  @Test
  void aDirectoryIsForItsOwnerAlone() throws IOException {
    ContainerDirectory directory = store.claim(new ContainerId("web"));

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

    store.claim(new ContainerId("web"));
    assertEquals(root.resolve("web"), store.find(new ContainerId("web")).path());
  }

  @Test
  void listsInTheOrderOfTheIds() throws IOException {
    assertEquals(List.of(), store.list());
    for (String id : List.of("b", "a-1", "B", "10", "a", "9", ".hidden")) {
      store.claim(new ContainerId(id));
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
    store.claim(new ContainerId("web")).remove();

    assertFalse(Files.exists(root.resolve("web")));
    assertEquals(root.resolve("web"), store.claim(new ContainerId("web")).path());
  }
}
