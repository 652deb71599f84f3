package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Software that asks much of a file system, in the writable layer and on a volume. That it works is
 * what is asserted here; bench/storage tells how fast.
 */
@TestInstance(Lifecycle.PER_CLASS)
final class SoftwareIT {
  private static final String[] CAPABILITIES = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
  };

  private Sandbox sandbox;
  private DebianRootfs image;
  private String id;

  @BeforeAll
  void startContainer() throws Exception {
    sandbox = Sandbox.open();
    image = DebianRootfs.unpackSoftware();
    Path merged = TestOverlay.mount(sandbox, image.directory());
    Path volume = Files.createDirectory(sandbox.path("volume"));
    TestBundle bundle =
        image
            .in(sandbox.bundle())
            .root(root -> root.with("path", merged.toString()))
            .mount("/volume", "bind", volume.toString(), "bind", "rw")
            .capabilities(
                List.of("bounding", "effective", "permitted", "inheritable"), CAPABILITIES)
            // bash looks after orphans.
            .args("bash", "-c", "while :; do sleep 1000; done");
    id = sandbox.id();
    sandbox.runtime().createAndStart(id, bundle.write());
  }

  @AfterAll
  void close() throws Exception {
    try {
      sandbox.close();
    } finally {
      image.remove();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "apt, /var/tmp/work, 5",
    "apt, /volume, 5",
    "build, /var/tmp/work, 3",
    "build, /volume, 3",
    "sqlite, /var/tmp/work, 20",
    "sqlite, /volume, 20",
    "redis, /var/tmp/work, 50",
    "redis, /volume, 50",
    "postgres, /var/tmp/work, 20",
    "postgres, /volume, 20",
  })
  void worksInTheWritableLayerAndOnAVolume(String task, String directory, String count)
      throws Exception {
    Outcome outcome =
        sandbox
            .runtime()
            .call("exec", id, DebianRootfs.SCRIPTS + "/software", task, directory, count)
            .succeeded();
    assertTrue(outcome.out().matches("\\d+(\\.\\d+)? (s|[a-z]+/s)\n"), () -> task + ": " + outcome);
  }
}
