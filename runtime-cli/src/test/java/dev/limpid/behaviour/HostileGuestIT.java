package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.config.Capabilities;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/**
 * A workload that has all privileges in its VM, and uses them against the host: whatever the
 * mini-OS has mounted of the host, and whatever lies beside that, is attacked by {@code
 * src/test/scripts/hostile-guest}. Here is what the host sees of it.
 */
@TestInstance(Lifecycle.PER_CLASS)
@VmOnly
final class HostileGuestIT {
  private static final String SECRET = "the-host-has-a-secret";

  /** Thousands of system calls, each a round trip to the host. */
  private static final int PATIENCE_SECONDS = 200;

  private Sandbox sandbox;
  private DebianRootfs debian;
  private Path host;
  private Path volume;
  private HostOverlay overlay;
  private String id;
  private Path output;
  private List<String> images;
  private List<String> before;
  private List<String> after;
  private List<String> beforeLate;
  private List<String> afterLate;

  @BeforeAll
  void attack() throws Exception {
    sandbox = Sandbox.open();
    debian = DebianRootfs.unpack();
    host = Files.createDirectory(sandbox.path("host"));
    volume = Files.createDirectory(host.resolve("volume"));
    Path readOnly = Files.createDirectories(host.resolve("read-only/directory")).getParent();
    Files.writeString(readOnly.resolve("file"), "for reading\n");
    Path secret = secret(host.resolve("outside/secret"));
    Path folder = host.resolve("overlay2/container");
    for (String name : List.of("lower", "link", "committed", "metadata.db", "private/secret")) {
      secret(folder.resolve(name));
    }
    overlay = HostOverlay.mount(sandbox, debian.directory(), folder);
    id = sandbox.id();
    output =
        sandbox.runtime().createAndStart(id, bundle(readOnly, secret, folder.resolve("lower")));
    awaitOutput("ready\n");
    images = mappedImages();

    before = snapshot();
    Files.createFile(volume.resolve("go"));
    awaitOutput("\nwaiting after ");
    // Before what it finds there next changes the folder itself.
    Await.until("the folder is as it was", () -> snapshotOf(folder).equals(of(folder, before)));
    after = snapshot();
    secret(folder.resolve("late"));
    secret(folder.resolve("late-directory/secret"));
    beforeLate = snapshot();
    Files.createFile(volume.resolve("late"));
    awaitOutput("\nthrough after ");
    afterLate = snapshot();
  }

  @AfterAll
  void close() throws Exception {
    sandbox.close();
    debian.remove();
  }

  private static Path secret(Path path) throws IOException {
    Files.createDirectories(path.getParent());
    return Files.writeString(path, SECRET);
  }

  /** As privileged as there are, without a pid namespace: process 1 is the mini-OS's. */
  private Path bundle(Path readOnly, Path... secrets) throws Exception {
    List<String> arguments =
        new ArrayList<>(List.of(DebianRootfs.SCRIPTS + "/hostile-guest", "/volume"));
    for (Path secret : secrets) {
      arguments.add(secret.toString());
    }
    return debian
        .in(sandbox.bundle())
        .root(root -> root.with("path", overlay.merged().toString()))
        .withoutNamespaces("pid")
        .process(process -> process.with("noNewPrivileges", false))
        .capabilities(
            List.of("bounding", "effective", "permitted", "inheritable"),
            Capabilities.KNOWN.toArray(new String[0]))
        .linux(linux -> linux.with("maskedPaths", Json.strings()))
        .linux(linux -> linux.with("readonlyPaths", Json.strings()))
        .linux(
            linux ->
                linux.with(
                    "resources",
                    Json.object("{\"devices\": [{\"allow\": true, \"access\": \"rwm\"}]}")))
        .mount("/volume", "bind", volume.toString(), "bind", "rw")
        .mount("/read-only", "bind", readOnly.toString(), "bind", "ro")
        .args(arguments.toArray(new String[0]))
        .write();
  }

  private void awaitOutput(String text) throws Exception {
    Await.until(
        "it says \"" + text.strip() + "\"",
        PATIENCE_SECONDS,
        () -> {
          String said = OciRuntime.text(output);
          assertFalse(said.contains("Traceback"), said);
          return said.contains(text);
        });
  }

  /** The files of the host that are memory in the VM: the mini-OS and the layers. */
  private List<String> mappedImages() throws Exception {
    long pid = sandbox.runtime().state(id).required("pid").asInt64();
    TreeSet<String> found = new TreeSet<>();
    for (ProcessHandle process : HostProcesses.family(pid)) {
      Path maps = Path.of("/proc", Long.toString(process.pid()), "maps");
      for (String line : Files.readAllLines(maps)) {
        if (line.endsWith(".erofs")) {
          found.add(line.substring(line.indexOf('/')));
        }
      }
    }
    return List.copyOf(found);
  }

  /** The host, but for what is the guest's. */
  private List<String> snapshot() throws Exception {
    List<String> arguments = new ArrayList<>(List.of(host.toString()));
    arguments.addAll(images);
    arguments.addAll(List.of("except", overlay.upper().toString(), overlay.merged().toString()));
    arguments.add(volume.toString());
    try (Stream<Path> beside = Files.list(overlay.folder())) {
      // The work directory of the guest's overlay.
      beside
          .map(Path::toString)
          .filter(path -> path.contains("/.limpid-work-"))
          .forEach(arguments::add);
    }
    return List.of(
        sandbox
            .runtime()
            .toEnd(
                new ProcessBuilder(sandbox.helper("snapshot.py", arguments.toArray(new String[0]))))
            .succeeded()
            .lines());
  }

  /** What a snapshot says of a directory itself, but for the time at which that was changed. */
  private static List<String> of(Path directory, List<String> snapshot) {
    return snapshot.stream()
        .filter(line -> line.startsWith(directory + " "))
        .map(line -> line.replaceAll(" ctime .*", ""))
        .toList();
  }

  private List<String> snapshotOf(Path directory) throws Exception {
    return of(directory, snapshot());
  }

  /** A snapshot, but for the directory that the guest can change for a moment. */
  private List<String> withoutFolder(List<String> snapshot) {
    return snapshot.stream().filter(line -> !line.startsWith(overlay.folder() + " ")).toList();
  }

  private List<String> said(String kind) {
    return OciRuntime.text(output).lines().filter(line -> line.startsWith(kind + " ")).toList();
  }

  @Test
  void itHasWhatIsItsOwn() throws Exception {
    assertEquals(
        List.of("own overlay/.limpid-work-" + id, "own overlay/diff", "own volume1"),
        said("own").stream().sorted().toList());
    assertTrue(Files.exists(overlay.upper().resolve("passing-file")));
    assertTrue(said("through").get(0).matches("through after \\d{4,}"), said("through").get(0));
    assertEquals("running", sandbox.runtime().status(id));
  }

  @Test
  void itHasBeenToldNothing() throws Exception {
    assertEquals(List.of(), said("told"));
    // Nor has it kept what its programs could not read.
    for (Path own : List.of(overlay.upper(), volume)) {
      try (Stream<Path> all = Files.walk(own)) {
        for (Path file :
            all.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)).toList()) {
          assertFalse(
              Files.readString(file, StandardCharsets.ISO_8859_1).contains(SECRET), file::toString);
        }
      }
    }
  }

  @Test
  void itHasChangedNothing() {
    assertEquals(List.of(), said("done"));
    assertTrue(before.size() > 15, before::toString);
    assertEquals(withoutFolder(before), withoutFolder(after));
  }

  @Test
  void whatComesLaterIsSafeFromIt() {
    assertTrue(beforeLate.toString().contains("/late-directory/secret "), beforeLate::toString);
    assertEquals(withoutFolder(beforeLate), withoutFolder(afterLate));
  }

  /** Snapshots have them as well: this is what an administrator asks. */
  @Test
  void imagesAreWhatTheyWere() throws Exception {
    assertEquals(List.of("devices pmem0 pmem1"), said("devices"));
    assertEquals(2, images.size(), images::toString);
    assertEquals("all are sound\n", sandbox.runtime().call("layers", "verify").succeeded().out());
  }
}
