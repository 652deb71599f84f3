package dev.limpid.rehearsal;

import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerRecord.Phase;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.container.HostProcess;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.oci.spec.DefaultConfig;
import dev.limpid.vm.cgroup.HostCgroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the verbs find: two containers that somebody seems to have made, one of which seems to run,
 * and a bundle of which no container can be made.
 */
final class Stage {
  /** The container that seems to run. */
  static final String RUNNING = "running";

  /** The container that has ended. */
  static final String ENDED = "ended";

  private final Path folder;

  private Stage(Path folder) {
    this.folder = folder;
  }

  static Stage in(Path folder) throws IOException {
    Stage stage = new Stage(folder);
    Files.createDirectories(stage.bundle().resolve("rootfs"));
    JsonObject config = DefaultConfig.json();
    // The host's control groups stay as they are: this is refused before they are touched.
    JsonObject linux = (JsonObject) config.get("linux").orElseThrow();
    JsonObject process = (JsonObject) config.get("process").orElseThrow();
    write(
        stage.bundle().resolve("config.json"),
        config
            .with("process", process.with("terminal", false))
            .with("linux", linux.with("cgroupsPath", "../nowhere")));
    write(
        stage.configuration(),
        JsonObject.builder()
            .put("shim", "/bin/false")
            .put("layers", folder.resolve("layers").toString())
            .put("templates", folder.resolve("templates").toString())
            .build());
    write(stage.process(), JsonObject.builder().put("cwd", "/").build());
    HostProcess self = HostProcess.of(ProcessHandle.current().pid());
    stage.make(RUNNING, self);
    stage.make(ENDED, new HostProcess(self.pid(), self.startTime() + 1));
    return stage;
  }

  private static void write(Path file, JsonObject content) throws IOException {
    Files.write(file, JsonWriter.compact().writeBytes(content));
  }

  private void make(String id, HostProcess shim) {
    ContainerId name = new ContainerId(id);
    try (ContainerStore.Claim claim = new ContainerStore(root()).claim(name)) {
      ContainerDirectory directory = claim.directory();
      directory.saveConfig(DefaultConfig.json());
      directory.write(
          new ContainerRecord(
              name,
              Phase.RUNNING,
              false,
              Optional.of(shim),
              List.of(),
              bundle(),
              bundle().resolve("rootfs"),
              Instant.EPOCH,
              Map.of("dev.limpid", "rehearsal"),
              List.of(),
              Optional.empty(),
              HostCgroup.NONE));
    }
  }

  Path root() {
    return folder.resolve("root");
  }

  Path bundle() {
    return folder.resolve("bundle");
  }

  /** A configuration under which nothing of the host's is changed. */
  Path configuration() {
    return folder.resolve("limpid.json");
  }

  /** A file for exec. */
  Path process() {
    return folder.resolve("process.json");
  }

  /** The file of messages. */
  Path log() {
    return folder.resolve("log");
  }

  /** A folder for what spec writes. */
  Path empty() throws IOException {
    return Files.createDirectories(folder.resolve("empty"));
  }

  /** Where the shim of the container that seems to run listens. */
  Path shimDirectory() {
    return root().resolve(RUNNING);
  }
}
