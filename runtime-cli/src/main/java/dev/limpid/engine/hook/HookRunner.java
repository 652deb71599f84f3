package dev.limpid.engine.hook;

import dev.limpid.config.LimpidConfiguration;
import dev.limpid.engine.EngineContext;
import dev.limpid.oci.config.Hook;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs programs of the host at the points of a container's life that config.json names. */
public final class HookRunner {
  private static final int MAX_OUTPUT = 64 << 10;

  private final Path shim;

  /**
   * A runner of hooks.
   *
   * @param shim limpid-shim's executable, which gives a hook the name that it is to see
   */
  public HookRunner(Path shim) {
    this.shim = shim;
  }

  /** A runner with the shim of this context's configuration. */
  public static HookRunner of(EngineContext context) {
    return new HookRunner(LimpidConfiguration.load(context.environment(), context.home()).shim());
  }

  /**
   * Runs hooks of one kind in their order; the first that fails is the last.
   *
   * @param kind the name of their list, for messages
   * @param hooks the hooks
   * @param state the state of the container, given to each on its standard input
   * @throws HookException naming the hook and what it said
   */
  public void run(String kind, List<Hook> hooks, String state) {
    for (int i = 0; i < hooks.size(); i++) {
      run(kind + "[" + i + "]", hooks.get(i), state);
    }
  }

  /**
   * Runs all hooks of one kind in their order, whatever happens to those before.
   *
   * @param kind the name of their list, for messages
   * @param hooks the hooks
   * @param state the state of the container, given to each on its standard input
   * @return what went wrong, a message for each hook that failed
   */
  public List<String> runAll(String kind, List<Hook> hooks, String state) {
    List<String> failures = new ArrayList<>();
    for (int i = 0; i < hooks.size(); i++) {
      try {
        run(kind + "[" + i + "]", hooks.get(i), state);
      } catch (HookException failed) {
        failures.add(failed.getMessage());
      }
    }
    return failures;
  }

  private void run(String name, Hook hook, String state) {
    String what = "config.json: hooks." + name + ": " + hook.path();
    Process process = start(what, hook);
    try {
      Output output = new Output(process.getInputStream());
      output.start();
      new Input(process.getOutputStream(), state).start();
      if (hook.timeout().isPresent()
          && !process.waitFor(hook.timeout().getAsLong(), TimeUnit.SECONDS)) {
        throw new HookException(
            what + ": took longer than its timeout of " + hook.timeout().getAsLong() + " s");
      }
      int status = process.waitFor();
      // A child of the hook may hold the pipe open for ever; what the hook said is there by now.
      output.join(200);
      if (status != 0) {
        throw new HookException(what + ": exit status " + status + output.said());
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new HookException(what + ": interrupted");
    } finally {
      process.destroyForcibly();
    }
  }

  private Process start(String what, Hook hook) {
    List<String> command = new ArrayList<>();
    command.add(shim.toString());
    command.add("hook");
    command.add(hook.path());
    if (hook.args().isEmpty()) {
      command.add(hook.path());
    }
    command.addAll(hook.args());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.clear();
    for (String variable : hook.env()) {
      int equals = variable.indexOf('=');
      if (equals > 0) {
        environment.put(variable.substring(0, equals), variable.substring(equals + 1));
      }
    }
    try {
      return builder.start();
    } catch (IOException failed) {
      throw new HookException(what + ": cannot be run: " + failed.getMessage());
    }
  }

  /** Hands a hook the state, for which it may never ask: nobody waits until it has. */
  private static final class Input extends Thread {
    private final OutputStream out;
    private final String state;

    Input(OutputStream out, String state) {
      this.out = out;
      this.state = state;
      setDaemon(true);
    }

    @Override
    public void run() {
      try (out) {
        out.write(state.getBytes(StandardCharsets.UTF_8));
      } catch (IOException closed) {
        // The hook's status tells whether it minded.
      }
    }
  }

  /** Takes what a hook prints, so that it never waits for a reader; keeps the beginning. */
  private static final class Output extends Thread {
    private final InputStream in;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

    Output(InputStream in) {
      this.in = in;
      setDaemon(true);
    }

    @Override
    public void run() {
      byte[] buffer = new byte[4096];
      try {
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          synchronized (kept) {
            kept.write(buffer, 0, Math.min(n, MAX_OUTPUT - kept.size()));
          }
        }
      } catch (IOException closed) {
        // Its end, when the hook is killed.
      }
    }

    String said() {
      synchronized (kept) {
        String text = kept.toString(StandardCharsets.UTF_8).strip();
        return text.isEmpty() ? "" : ": " + text;
      }
    }
  }
}
