package dev.limpid.engine.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.ContainerRecord.Phase;
import dev.limpid.oci.spec.DefaultConfig;
import dev.limpid.oci.state.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One container's directory. */
class ContainerDirectoryTest {
  private ContainerDirectory directory;

  @BeforeEach
  void prepare(@TempDir Path root) {
    directory = Containers.claimed(new ContainerStore(root), "web");
  }

  @Test
  void aContainerOfWhichNothingIsKnown() {
    assertEquals(Optional.empty(), directory.read());
    assertEquals(Optional.empty(), directory.exit());
    EngineException e = assertThrows(NoSuchContainerException.class, directory::required);
    assertEquals("container does not exist", e.getMessage());
    assertThrows(EngineException.class, directory::savedConfig);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "{}", "{\"id\":\"web\"}"})
  void namesAFileThatIsBroken(String text) throws IOException {
    Path file = Files.writeString(directory.path().resolve("state.json"), text);

    EngineException e = assertThrows(EngineException.class, directory::read);

    assertTrue(e.getMessage().startsWith(file + ": state.json:"), e.getMessage());
  }

  @Test
  void keepsWhatWasLastWritten() {
    directory.write(Containers.without("web", Phase.CREATING));
    directory.write(Containers.alive("web", Phase.CREATED));

    assertEquals(Containers.alive("web", Phase.CREATED), directory.required());
  }

  @Test
  void keepsTheConfiguration() {
    directory.saveConfig(DefaultConfig.json());

    assertEquals(DefaultConfig.json(), directory.savedConfig().raw());
  }

  static List<Arguments> statuses() {
    return List.of(
        Arguments.of(Containers.without("web", Phase.CREATING), "", Status.STOPPED),
        Arguments.of(Containers.dead("web", Phase.CREATING), "", Status.STOPPED),
        Arguments.of(Containers.alive("web", Phase.CREATING), "", Status.CREATING),
        Arguments.of(Containers.alive("web", Phase.CREATED), "", Status.CREATED),
        Arguments.of(Containers.alive("web", Phase.RUNNING), "", Status.RUNNING),
        Arguments.of(Containers.dead("web", Phase.CREATED), "", Status.STOPPED),
        Arguments.of(Containers.dead("web", Phase.RUNNING), "", Status.STOPPED),
        Arguments.of(Containers.alive("web", Phase.CREATED), "exited 0\n", Status.STOPPED),
        Arguments.of(Containers.alive("web", Phase.RUNNING), "signaled 9\n", Status.STOPPED),
        Arguments.of(Containers.dead("web", Phase.RUNNING), "vm-died\n", Status.STOPPED));
  }

  @ParameterizedTest
  @MethodSource("statuses")
  void tellsTheStatus(ContainerRecord container, String exit, Status status) throws IOException {
    if (!exit.isEmpty()) {
      Files.writeString(directory.path().resolve("exit"), exit);
    }

    assertEquals(status, directory.status(container));
  }

  @Test
  void whatSomebodyIsCreatingHasNotStopped() {
    ContainerRecord container = Containers.without("web", Phase.CREATING);
    try (ContainerLock lock = directory.lock()) {
      assertEquals(Status.CREATING, directory.status(container), lock::toString);
    }

    assertEquals(Status.STOPPED, directory.status(container));
  }

  @Test
  void forgetsProcessesThatHaveEndedAndNoneElse() throws IOException {
    HostProcess self = HostProcess.of(ProcessHandle.current().pid());
    directory.addProcess(self);
    Path folder = directory.path().resolve("processes");
    Files.writeString(folder.resolve("1"), "12345678");
    // Names without a file behind them: what another verb removes while this one looks.
    for (int i = 2; i < 20; i++) {
      Files.createSymbolicLink(folder.resolve(Integer.toString(i)), Path.of("cleared"));
    }

    assertEquals(List.of(self), directory.processes());
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(folder.resolve(Long.toString(self.pid()))), left.toList());
    }
  }

  @Test
  void isNotMadeAnewForAProcessOfWhatHasBeenDeleted() {
    HostProcess self = HostProcess.of(ProcessHandle.current().pid());
    directory.addProcess(self);
    directory.remove();

    directory.addProcess(self);

    assertTrue(Files.notExists(directory.path()));
  }

  @Test
  void cannotBeLockedOnceItIsGone() {
    directory.remove();

    assertThrows(NoSuchContainerException.class, directory::lock);
  }

  @Test
  void canBeRemovedUnderItsLock() {
    try (ContainerLock lock = directory.lock()) {
      directory.remove();
      assertThrows(NoSuchContainerException.class, directory::lock, lock::toString);
    }
  }

  @ParameterizedTest
  @MethodSource("exits")
  void readsHowItEnded(String text, boolean died, String diagnosis) throws IOException {
    Files.writeString(directory.path().resolve("exit"), text);

    ExitRecord exit = directory.exit().orElseThrow();

    assertEquals(died, exit.vmDied());
    assertEquals(diagnosis, exit.diagnosis());
  }

  static List<Arguments> exits() {
    return List.of(
        Arguments.of("", false, ""),
        Arguments.of("exited 3\n", false, ""),
        Arguments.of("signaled 15\n", false, ""),
        Arguments.of("vm-died\n", true, ""),
        Arguments.of("vm-died\nqemu: no\n  such machine\n", true, "qemu: no\n  such machine"));
  }
}
