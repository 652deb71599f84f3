package dev.limpid.engine.lifecycle;

import dev.limpid.config.LimpidConfiguration;
import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.AtomicFile;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.container.HostProcess;
import dev.limpid.engine.guest.GuestErrorWording;
import dev.limpid.engine.guest.GuestProcess;
import dev.limpid.engine.trace.Step;
import dev.limpid.oci.config.ConfigParser;
import dev.limpid.oci.config.ContainerProcess;
import dev.limpid.oci.config.ParsedProcess;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.proto.AgentFailureException;
import dev.limpid.proto.AgentRequest;
import dev.limpid.proto.ControlLink;
import dev.limpid.proto.ControlLinkListener;
import dev.limpid.vm.shim.ShimPlan;
import dev.limpid.vm.shim.ShimProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Starts another process in a running container (docs/protocol.md). */
public final class ContainerExec {
  private static final Duration SHIM_PATIENCE = Duration.ofSeconds(30);
  private static final String EXEC = "crun exec";
  private static final Duration GUEST_PATIENCE = Duration.ofSeconds(60);

  private final EngineContext context;

  /** Starts processes in the containers below the context's root. */
  public ContainerExec(EngineContext context) {
    this.context = context;
  }

  /**
   * Starts a process and, unless it is detached, waits for its end.
   *
   * @return the process's exit status, 128 plus the number if a signal ended it; 0 if it is
   *     detached
   * @throws EngineException if the container does not run, or the process can't be started; nothing
   *     is left of it then
   * @throws dev.limpid.oci.json.DocumentException if the process is not as it must be
   */
  @SuppressWarnings("try") // A step is ended, not used.
  public int exec(ExecRequest request) {
    LimpidConfiguration configuration = configuration();
    ContainerDirectory directory = new ContainerStore(context.root()).find(request.id());
    ContainerRecord container = directory.required();
    refuseUnlessRunning(directory, container);
    ContainerProcess process = process(request.process(), directory);
    checkTerminal(request, process);
    if (request.detached()) {
      start(request, configuration, directory, container, process);
      return 0;
    }
    SignalForwarding signals = SignalForwarding.install();
    ShimProcess shim = start(request, configuration, directory, container, process);
    signals.to(shim.pid());
    try (Step step = context.trace().begin("workload");
        Step inVm = context.trace().beginInVm(shim.pid(), "workload")) {
      return shim.await();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new EngineException("interrupted", interrupted);
    } finally {
      signals.stop();
    }
  }

  @SuppressWarnings("try") // A step is ended, not used.
  private LimpidConfiguration configuration() {
    try (Step step = context.trace().begin("configuration")) {
      return LimpidConfiguration.load(context.environment(), context.home());
    }
  }

  private static void refuseUnlessRunning(ContainerDirectory directory, ContainerRecord container) {
    switch (directory.status(container)) {
      case STOPPED -> throw new EngineException("cannot exec a container that has stopped");
      case CREATING -> throw new EngineException("cannot exec a container that is not created yet");
      case PAUSED -> throw new EngineException("cannot exec in a paused container");
      case CREATED, RUNNING -> {}
    }
  }

  private ContainerProcess process(ExecSpecification specification, ContainerDirectory directory) {
    String document;
    JsonObject process;
    if (specification instanceof ExecSpecification.Whole whole) {
      document = whole.document();
      process = whole.process();
    } else if (specification instanceof ExecSpecification.Changes changes) {
      document = "process";
      process = changes.apply(directory.savedConfig().process().raw());
    } else {
      throw new IllegalStateException(specification.toString());
    }
    ParsedProcess parsed = ConfigParser.parseProcess(document, process);
    for (String warning : parsed.warnings()) {
      context.journal().warn(warning);
    }
    return parsed.process();
  }

  private static void checkTerminal(ExecRequest request, ContainerProcess process) {
    boolean socket = request.consoleSocket().isPresent();
    if (socket && !process.terminal()) {
      throw new EngineException("--console-socket: there is no terminal to send");
    }
    if (process.terminal() && !socket && request.detached()) {
      throw new EngineException(
          "a terminal of a process in the background needs --console-socket, to be sent to");
    }
  }

  @SuppressWarnings("try") // A step is ended, not used.
  private ShimProcess start(
      ExecRequest request,
      LimpidConfiguration configuration,
      ContainerDirectory directory,
      ContainerRecord container,
      ContainerProcess process) {
    ShimStreams streams =
        new ShimStreams(process.terminal(), request.consoleSocket(), request.detached());
    GuestProcess guest = GuestProcess.translate("process", process.raw(), context.journal());
    // Several verbs do this at the same time.
    String name = "exec-" + ProcessHandle.current().pid();
    // There is the shim of the VM.
    ContainerDirectory vm = directory.vm();
    try (Step step = context.trace().begin("start");
        Rollback rollback = new Rollback(context.journal(), context.trace());
        ControlLinkListener listener = listen(vm, name + ".sock")) {
      Path planFile = vm.path().resolve(name + ".plan");
      rollback.onFailure("the plan", () -> AtomicFile.remove(planFile));
      ShimPlan plan = new ShimPlan(vm.path(), name + ".sock");
      plan.cgroup(container.cgroup().directories());
      streams.describe(plan, context);
      plan.write(planFile);
      ShimProcess shim = startShim(configuration, planFile, streams);
      HostProcess host = HostProcess.of(shim.pid());
      rollback.onFailure(
          "the process",
          () -> {
            shim.terminate();
            VmProcesses.end(host, List.of());
          });
      try (ControlLink link = listener.accept(SHIM_PATIENCE, shim::isAlive)) {
        call(
            link,
            AgentCall.addressed(
                directory,
                new dev.limpid.proto.ExecRequest(
                    guest.text(), LaunchedVm.terminalSize(process), guest.scheduling())),
            shim.pid());
        if (request.pidFile().isPresent()) {
          PidFile.write(request.pidFile().get(), shim.pid(), rollback);
        }
        link.commit(SHIM_PATIENCE);
      }
      directory.addProcess(host);
      rollback.commit();
      return shim;
    } catch (AgentFailureException refused) {
      throw new EngineException(
          "exec failed: " + GuestErrorWording.of(refused, process.args().get(0)), refused);
    } catch (IOException failed) {
      throw new EngineException(failed.getMessage(), failed);
    }
  }

  @SuppressWarnings("try") // A step is ended, not used.
  private ShimProcess startShim(
      LimpidConfiguration configuration, Path planFile, ShimStreams streams) throws IOException {
    try (Step step = context.trace().begin("start of the shim")) {
      return ShimProcess.start(
          configuration.shim(), ShimProcess.Role.EXEC, planFile, streams.ofShim());
    }
  }

  @SuppressWarnings("try") // A step is ended, not used.
  private void call(ControlLink link, AgentRequest request, long shim)
      throws IOException, AgentFailureException {
    try (Step step = context.trace().begin(EXEC);
        Step inVm = context.trace().beginInVm(shim, EXEC)) {
      link.call(request, GUEST_PATIENCE);
    }
  }

  private static ControlLinkListener listen(ContainerDirectory directory, String name) {
    try {
      return ControlLinkListener.open(directory.path(), name);
    } catch (IOException failed) {
      throw new EngineException(failed.getMessage(), failed);
    }
  }
}
