package dev.limpid.engine.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.config.LimpidConfiguration;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.Json;
import dev.limpid.engine.RecordingJournal;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.lifecycle.CreateRequest.Attachment;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.spec.DefaultConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What is found out about a bundle before anything is made. */
class BundleTest {
  private static final String ADVICE =
      "a virtual machine can't use the host's interfaces as its own: give the container a network"
          + " of its own, or set \"userNetwork\" in limpid.json; see docs/networking.md";

  private final RecordingJournal journal = new RecordingJournal();
  private Path folder;

  @BeforeEach
  void prepare(@TempDir Path temporary) throws IOException {
    folder = Files.createDirectories(temporary.toRealPath().resolve("bundle/rootfs")).getParent();
  }

  @Test
  void saysThatItIsNoBundle() {
    EngineException e = assertThrows(EngineException.class, () -> load(false, false));

    assertEquals(
        "JSON specification file "
            + folder.resolve("config.json")
            + " not found: a bundle has one; see 'limpid spec'",
        e.getMessage());
  }

  @Test
  void saysThatItsConfigurationCannotBeRead() throws IOException {
    Files.createDirectory(folder.resolve("config.json"));

    EngineException e = assertThrows(EngineException.class, () -> load(false, false));

    assertEquals(folder.resolve("config.json") + ": cannot read: Is a directory", e.getMessage());
  }

  static List<Arguments> wrong() {
    return List.of(
        Arguments.of(
            DefaultConfig.json().without("root"), "config.json: root: is required, but missing"),
        Arguments.of(
            DefaultConfig.json().without("process"),
            "config.json: process: is required, but missing"),
        Arguments.of(
            DefaultConfig.json().without("linux"), "config.json: linux: is required, but missing"),
        Arguments.of(
            DefaultConfig.json().with("root", Json.of("{'path':'none'}")),
            "config.json: root.path: BUNDLE/none: no such file or directory"),
        Arguments.of(
            DefaultConfig.json().with("root", Json.of("{'path':'config.json'}")),
            "config.json: root.path: BUNDLE/config.json: not a directory"),
        Arguments.of(
            withNetwork("{'type':'network','path':'/proc/self/ns/net'}"),
            "config.json: linux.namespaces[1].path: is the host's network namespace: " + ADVICE),
        Arguments.of(
            withNetwork("{'type':'pid'}"),
            "config.json: linux: namespaces: none of type network, so it is the host's: "
                + ADVICE));
  }

  private static JsonObject withNetwork(String namespace) {
    return DefaultConfig.json()
        .with(
            "linux", Json.of("{'namespaces':[{'type':'mount'}," + namespace + ",{'type':'uts'}]}"));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void refuses(JsonObject config, String problem) throws IOException {
    write(config);

    DocumentException e = assertThrows(DocumentException.class, () -> load(true, true));

    assertEquals(problem.replace("BUNDLE", folder.toString()), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "false, true, false, --console-socket: config.json: process.terminal is not true",
    "false, true, true, --console-socket: config.json: process.terminal is not true",
    "true, false, false, config.json: process.terminal: a container in the background needs",
  })
  void refusesTerminalsThatGoNowhere(
      boolean terminal, boolean socket, boolean attached, String problem) throws IOException {
    write(withTerminal(terminal));

    EngineException e = assertThrows(EngineException.class, () -> load(socket, attached));

    assertTrue(e.getMessage().startsWith(problem), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "false, false, false",
    "false, false, true",
    "true, true, false",
    "true, true, true",
    "true, false, true"
  })
  void takesTerminals(boolean terminal, boolean socket, boolean attached) throws IOException {
    write(withTerminal(terminal));

    assertEquals(terminal, load(socket, attached).config().process().terminal());
  }

  @Test
  void followsTheRootsLinks() throws IOException {
    Files.createSymbolicLink(folder.resolve("link"), Path.of("rootfs"));
    write(DefaultConfig.json().with("root", Json.of("{'path':'link'}")));

    Bundle bundle = load(true, true);

    assertEquals(folder, bundle.directory());
    assertEquals(folder.resolve("rootfs"), bundle.rootfs());
    assertTrue(
        bundle.guest().text(List.of()).contains("\"path\":\"/run/limpid/rootfs\""),
        bundle.guest().text(List.of()));
  }

  @Test
  void handsWarningsOn() throws IOException {
    JsonObject config = DefaultConfig.json();
    JsonObject process =
        JsonCursor.root("x", config)
            .required("process")
            .asObject()
            .with("capabilities", Json.of("{'bounding':['CAP_NO_SUCH']}"));
    write(config.with("process", process));
    load(true, true);

    assertEquals(1, journal.records().size(), journal.records().toString());
    assertTrue(journal.records().get(0).contains("CAP_NO_SUCH"), journal.records().toString());
  }

  private static JsonObject withTerminal(boolean terminal) {
    JsonObject config = DefaultConfig.json();
    JsonObject process = JsonCursor.root("x", config).required("process").asObject();
    return config.with("process", process.with("terminal", terminal));
  }

  private void write(JsonObject config) throws IOException {
    Files.writeString(folder.resolve("config.json"), config.toString());
  }

  private Bundle load(boolean socket, boolean attached) {
    return Bundle.load(
        new CreateRequest(
            new ContainerId("web"),
            folder,
            Optional.empty(),
            socket ? Optional.of(folder.resolve("console.sock")) : Optional.empty(),
            attached ? Attachment.ATTACHED : Attachment.DETACHED),
        new ContainerStore(folder.resolve("root")),
        LimpidConfiguration.defaults(Path.of("/home")),
        journal);
  }
}
