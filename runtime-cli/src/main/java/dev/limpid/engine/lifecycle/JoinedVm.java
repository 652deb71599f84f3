package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.Journal;
import dev.limpid.engine.container.AtomicFile;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerLock;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.Membership;
import dev.limpid.engine.container.NoSuchContainerException;
import dev.limpid.engine.container.VmMembers;
import dev.limpid.oci.ContainerId;
import dev.limpid.proto.JoinRequest;
import dev.limpid.vm.device.JoinedFolder;
import dev.limpid.vm.qmp.QmpClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** A container's place in the VM of another one: its number there, and its folder's device. */
final class JoinedVm {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final ContainerId id;
  private final Membership membership;

  private JoinedVm(ContainerId id, Membership membership) {
    this.id = id;
    this.membership = membership;
  }

  /** The place that a container has. */
  static Optional<JoinedVm> of(ContainerDirectory directory, ContainerId id) {
    Optional<Membership> membership = directory.membership();
    return membership.isPresent()
        ? Optional.of(new JoinedVm(id, membership.get()))
        : Optional.empty();
  }

  /**
   * Takes a place.
   *
   * @param directory the directory of the new container, which is noted to be in the VM
   * @throws EngineException if there is no room, or the VM is about to end
   */
  @SuppressWarnings("try") // The lock is held, not used.
  static JoinedVm enter(
      Sandbox sandbox, ContainerDirectory directory, ContainerId id, Rollback rollback) {
    try (ContainerLock lock = sandbox.directory().lock()) {
      sandbox.refuseUnlessUp();
      VmMembers members = new VmMembers(sandbox.directory());
      int number = members.free(JoinRequest.CONTAINERS_MAX);
      Membership membership = new Membership(sandbox.directory(), number);
      JoinedVm place = new JoinedVm(id, membership);
      // First, so that delete finds what a verb that is killed leaves behind.
      directory.join(sandbox.container().id(), number);
      rollback.onFailure("its place in the virtual machine", () -> place.leave(rollback.journal()));
      members.enter(number, id);
      return place;
    } catch (NoSuchContainerException gone) {
      throw new EngineException(
          "container " + sandbox.container().id() + ", whose virtual machine to join, is gone",
          gone);
    }
  }

  /** Its number in the guest. */
  int number() {
    return membership.container();
  }

  /** The device of its folder. */
  JoinedFolder folder() {
    return new JoinedFolder(number());
  }

  /** Plugs its folder in, which virtiofsd has to serve already. */
  void plug() throws IOException {
    ContainerDirectory vm = membership.vm();
    Path link = link();
    AtomicFile.remove(link);
    // By a path that leads through the root alone: QEMU has no right to pass what lies above it.
    Files.createSymbolicLink(link, Path.of("..", "..", id.value(), "virtiofsd.sock"));
    try (QmpClient qmp = QmpClient.connect(vm.path(), PATIENCE)) {
      folder().plug(qmp, VmMembers.socket(number()), PATIENCE);
    } finally {
      AtomicFile.remove(link);
    }
  }

  /**
   * Gives the place back. A guest that does not let go of the device keeps others from its number;
   * that is told, and no failure.
   */
  @SuppressWarnings("try") // The lock is held, not used.
  void leave(Journal journal) {
    ContainerDirectory vm = membership.vm();
    VmMembers members = new VmMembers(vm);
    try (ContainerLock lock = vm.lock()) {
      // Whose VM it was may be gone, and another container have its name.
      if (!members.has(number(), id)) {
        return;
      }
      // Of a verb that was killed while it plugged.
      AtomicFile.remove(link());
      Optional<ContainerRecord> container = vm.read();
      boolean over = container.isEmpty() || vm.hasEnded(container.get());
      if (over || unplug(vm, container.get(), journal)) {
        members.leave(number());
      }
    } catch (NoSuchContainerException gone) {
      // And the device with it.
    }
  }

  private Path link() {
    return membership.vm().path().resolve(VmMembers.socket(number()));
  }

  private boolean unplug(ContainerDirectory vm, ContainerRecord container, Journal journal) {
    try (QmpClient qmp = QmpClient.connect(vm.path(), PATIENCE)) {
      if (container.paused()) {
        // Its processes stay frozen; its kernel has to run.
        qmp.execute("cont", PATIENCE);
      }
      if (folder().unplug(qmp, PATIENCE)) {
        return true;
      }
      journal.warn(
          "the guest of container "
              + container.id()
              + " does not let go of the folder of container "
              + id);
      return false;
    } catch (IOException failed) {
      if (vm.hasEnded(container)) {
        return true;
      }
      journal.warn("the folder of container " + id + ": " + failed.getMessage());
      return false;
    }
  }
}
