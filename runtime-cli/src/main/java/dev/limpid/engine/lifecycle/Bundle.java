package dev.limpid.engine.lifecycle;

import dev.limpid.config.LimpidConfiguration;
import dev.limpid.config.UserNetwork;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.Journal;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.guest.GuestConfig;
import dev.limpid.engine.guest.HostBlockDevice;
import dev.limpid.engine.guest.Surroundings;
import dev.limpid.engine.network.NetworkSharing;
import dev.limpid.engine.network.SharedNetwork;
import dev.limpid.oci.config.Config;
import dev.limpid.oci.config.ConfigParser;
import dev.limpid.oci.config.ParsedConfig;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.vm.device.HostDisk;
import dev.limpid.vm.hypervisor.QemuCommandLine;
import dev.limpid.vm.mountinfo.MountTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A bundle that has been read, checked, and translated for the guest: nothing in it is known to
 * stand against a container of it, and nothing has been started yet.
 *
 * @param directory its folder; absolute
 * @param config its config.json
 * @param rootfs the root filesystem's directory; absolute, without symbolic links
 * @param hostMounts the host's mounts at that time
 * @param sandbox the container whose VM it joins; empty: it gets one of its own
 * @param sharedNetwork the network of others that it uses by a VM of its own; empty: it has one for
 *     itself, or is in the VM that it joins
 * @param guest what the guest gets of it
 */
record Bundle(
    Path directory,
    Config config,
    Path rootfs,
    MountTable hostMounts,
    Optional<Sandbox> sandbox,
    Optional<SharedNetwork> sharedNetwork,
    GuestConfig guest) {
  /** In a VM that it joins, a container's number is known only when it is made. */
  private static final int ANY_NUMBER = 1;

  /**
   * Reads the bundle of a request.
   *
   * @param store the other containers
   * @throws EngineException if it can't be read, or does not go with the request
   * @throws dev.limpid.oci.json.DocumentException naming the field that is wrong
   */
  static Bundle load(
      CreateRequest request,
      ContainerStore store,
      LimpidConfiguration configuration,
      Journal journal) {
    ParsedConfig parsed = read(request.bundle());
    for (String warning : parsed.warnings()) {
      journal.warn(warning);
    }
    Config config = parsed.config();
    checkTerminal(request, config);
    Path rootfs = rootfs(request.bundle(), config);
    MountTable hostMounts;
    try {
      hostMounts = MountTable.read();
    } catch (IOException failed) {
      throw new EngineException("the host's mounts: " + failed.getMessage(), failed);
    }
    Optional<Sandbox> sandbox = Sandbox.of(config, store);
    Surroundings around =
        sandbox.isPresent() ? sandbox.get().surroundings(ANY_NUMBER) : Surroundings.NONE;
    GuestConfig guest =
        GuestConfig.translate(config.raw(), request.bundle(), rootfs, around, hostMounts, journal);
    if (sandbox.isPresent()) {
      refuseOfItsOwnVm(config, guest);
    }
    Optional<SharedNetwork> network =
        sharedNetwork(
            request,
            JsonCursor.root(ConfigParser.FILE_NAME, config.raw()).required("linux"),
            guest.network(),
            sandbox,
            configuration);
    return new Bundle(request.bundle(), config, rootfs, hostMounts, sandbox, network, guest);
  }

  /** Refuses what only the first container of a VM can have. */
  private static void refuseOfItsOwnVm(Config config, GuestConfig guest) {
    if (config.vm().isPresent()) {
      throw new InvalidSpecException(
          ConfigParser.FILE_NAME,
          "vm",
          "can't be had: the container joins a virtual machine that runs already");
    }
    if (!guest.disks().isEmpty()) {
      throw new InvalidSpecException(
          ConfigParser.FILE_NAME,
          "linux.devices",
          "block devices of the host can't be had: the container joins a virtual machine that runs"
              + " already");
    }
  }

  /**
   * The network that a container shares with others than the VM it joins.
   *
   * @throws InvalidSpecException if it would, and can't
   */
  private static Optional<SharedNetwork> sharedNetwork(
      CreateRequest request,
      JsonCursor linux,
      Optional<Path> namespace,
      Optional<Sandbox> sandbox,
      LimpidConfiguration configuration) {
    if (sandbox.isPresent() && sandbox.get().sharesNetwork(namespace, linux)) {
      return Optional.empty();
    }
    NetworkSharing with = NetworkSharing.of(linux);
    Optional<InvalidSpecException> refusal = with.refusal(linux);
    if (refusal.isEmpty()) {
      return Optional.empty();
    }
    if (sandbox.isPresent() || configuration.userNetwork() == UserNetwork.REFUSE) {
      throw refusal.get();
    }
    return Optional.of(SharedNetwork.of(request.id(), with, namespace));
  }

  /** The same, as the guest gets it if it has this number there. */
  Bundle joined(Sandbox vm, int number) {
    GuestConfig numbered =
        GuestConfig.translate(
            config.raw(), directory, rootfs, vm.surroundings(number), hostMounts, Silence.JOURNAL);
    return new Bundle(directory, config, rootfs, hostMounts, sandbox, sharedNetwork, numbered);
  }

  /** What there is to say has been said before. */
  private enum Silence implements Journal {
    JOURNAL;

    @Override
    public void debug(String message) {}

    @Override
    public void warn(String message) {}
  }

  /** The disks of the VM that are devices of the host. */
  List<HostDisk> guestDisks() {
    List<HostDisk> disks = new ArrayList<>();
    for (HostBlockDevice device : guest.disks()) {
      int index = disks.size();
      disks.add(new HostDisk(index, QemuCommandLine.DISK_DESCRIPTOR + index, device.readOnly()));
    }
    return disks;
  }

  /** The first descriptor of QEMU's that is none of these. */
  int descriptorAfterDisks() {
    return QemuCommandLine.DISK_DESCRIPTOR + guest.disks().size();
  }

  private static ParsedConfig read(Path bundle) {
    Path file = bundle.resolve(ConfigParser.FILE_NAME);
    try {
      return ConfigParser.read(file);
    } catch (NoSuchFileException absent) {
      throw new EngineException(
          "JSON specification file " + file + " not found: a bundle has one; see 'limpid spec'",
          absent);
    } catch (IOException failed) {
      throw new EngineException(file + ": cannot read: " + failed.getMessage(), failed);
    }
  }

  private static void checkTerminal(CreateRequest request, Config config) {
    boolean terminal = config.process().terminal();
    boolean socket = request.consoleSocket().isPresent();
    boolean attached = request.attachment() == CreateRequest.Attachment.ATTACHED;
    if (socket && !terminal) {
      throw new EngineException(
          "--console-socket: config.json: process.terminal is not true, there is no terminal to"
              + " send");
    }
    if (terminal && !socket && !attached) {
      throw new EngineException(
          "config.json: process.terminal: a container in the background needs --console-socket, to"
              + " send its terminal to");
    }
  }

  private static Path rootfs(Path bundle, Config config) {
    Path given = bundle.resolve(config.root().path());
    try {
      Path real = given.toRealPath();
      if (Files.isDirectory(real)) {
        return real;
      }
    } catch (IOException absent) {
      throw wrongRoot(given + ": no such file or directory");
    }
    throw wrongRoot(given + ": not a directory");
  }

  private static InvalidSpecException wrongRoot(String problem) {
    return new InvalidSpecException(ConfigParser.FILE_NAME, "root.path", problem);
  }
}
