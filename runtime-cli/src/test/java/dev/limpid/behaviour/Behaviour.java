package dev.limpid.behaviour;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A test with a sandbox of its own. */
abstract class Behaviour {
  private Sandbox sandbox;

  @BeforeEach
  void openSandbox() throws Exception {
    sandbox = Sandbox.open();
  }

  @AfterEach
  void closeSandbox() throws Exception {
    sandbox.close();
  }

  final Sandbox sandbox() {
    return sandbox;
  }

  final OciRuntime runtime() {
    return sandbox.runtime();
  }

  /** A bundle that runs a script. */
  final Path script(String... lines) throws Exception {
    return sandbox.bundle().script(lines).write();
  }
}
