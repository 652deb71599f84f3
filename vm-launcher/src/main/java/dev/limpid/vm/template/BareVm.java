package dev.limpid.vm.template;

import dev.limpid.proto.ControlLink;
import dev.limpid.proto.ControlLinkListener;
import dev.limpid.proto.Entropy;
import dev.limpid.proto.Launched;
import dev.limpid.proto.PingRequest;
import dev.limpid.proto.PrepareRequest;
import dev.limpid.vm.qmp.QmpClient;
import dev.limpid.vm.shim.ShimPlan;
import dev.limpid.vm.shim.ShimProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A virtual machine without a container, that lives as long as this is open; if this process dies,
 * its shim ends it.
 */
final class BareVm implements AutoCloseable {
  static final String VERB_SOCKET = "create.sock";
  private static final String PLAN = "plan";
  private static final Duration END_PATIENCE = Duration.ofSeconds(10);

  private final Path directory;
  private final Duration patience;
  private final ShimProcess shim;
  private final ControlLink link;
  private final int hypervisor;

  private BareVm(
      Path directory, Duration patience, ShimProcess shim, ControlLink link, int hypervisor) {
    this.directory = directory;
    this.patience = patience;
    this.shim = shim;
    this.link = link;
    this.hypervisor = hypervisor;
  }

  /**
   * Starts one.
   *
   * @param shim the executable of the shim
   * @param directory where its sockets are made; there, empty and absolute
   * @param plan with everything but the socket
   * @param patience how long each step may take
   */
  static BareVm start(Path shim, Path directory, ShimPlan plan, Duration patience)
      throws IOException {
    Path file = directory.resolve(PLAN);
    plan.write(file);
    try (ControlLinkListener listener = ControlLinkListener.open(directory, VERB_SOCKET)) {
      ShimProcess process =
          ShimProcess.start(shim, ShimProcess.Role.RUN, file, ShimProcess.Streams.NONE);
      boolean launched = false;
      try {
        ControlLink link = listener.accept(patience, process::isAlive);
        BareVm vm = launched(directory, patience, process, link);
        launched = true;
        return vm;
      } finally {
        if (!launched) {
          process.end(END_PATIENCE);
        }
      }
    }
  }

  /** Waits until its hypervisor runs; if that does not come to pass, nobody needs the link. */
  private static BareVm launched(
      Path directory, Duration patience, ShimProcess shim, ControlLink link) throws IOException {
    boolean launched = false;
    try {
      Launched children = link.awaitLaunched(patience);
      int hypervisor = children.qemuPid().orElseThrow();
      launched = true;
      return new BareVm(directory, patience, shim, link, hypervisor);
    } finally {
      if (!launched) {
        link.close();
      }
    }
  }

  /** The hypervisor's process id. */
  int hypervisor() {
    return hypervisor;
  }

  /** Its monitor. */
  QmpClient monitor() throws IOException {
    return QmpClient.connect(directory, patience);
  }

  /** Has it go on as the clone of a template, if it was started as one, and find its devices. */
  void restore(int stateDescriptor) throws IOException {
    new Restoration(directory, link, stateDescriptor, patience).carryOut(Optional.empty());
    Restoration.ask(
        link,
        new PrepareRequest(
            Instant.now(), Entropy.fromHost(), List.of(), List.of(), Optional.empty(), true),
        patience);
  }

  /** Waits until the guest's agent answers. */
  void awaitAgent() throws IOException {
    Restoration.ask(link, new PingRequest(), patience);
  }

  @Override
  public void close() throws IOException {
    try {
      link.close();
    } finally {
      shim.end(END_PATIENCE);
    }
  }
}
