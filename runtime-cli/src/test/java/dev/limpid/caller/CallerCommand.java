package dev.limpid.caller;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A program that a caller's user would type, run to its end. */
final class CallerCommand {
  private static final long TIMEOUT_SECONDS = 180;

  private final List<String> prefix;
  private final Map<String, String> environment;

  /** Commands that begin with these words, with these variables set. */
  CallerCommand(List<String> prefix, Map<String, String> environment) {
    this.prefix = List.copyOf(prefix);
    this.environment = Map.copyOf(environment);
  }

  /** How it ended. */
  static final class Result {
    private final int status;
    private final byte[] out;
    private final String err;

    private Result(int status, byte[] out, String err) {
      this.status = status;
      this.out = out;
      this.err = err;
    }

    /** Its exit status. */
    int status() {
      return status;
    }

    /** What it wrote to standard output. */
    byte[] out() {
      return out.clone();
    }

    /** What it wrote to standard error. */
    String err() {
      return err;
    }

    /** Standard output as text, without blanks around it. */
    String text() {
      return new String(out, StandardCharsets.UTF_8).strip();
    }

    /** Standard output, of a command that must have succeeded. */
    String ok() {
      if (status != 0) {
        throw new AssertionError("exit status " + status + ": " + text() + "\n" + err);
      }
      return text();
    }

    @Override
    public String toString() {
      return "exit status " + status + "\n" + text() + "\n" + err;
    }
  }

  Result run(String... arguments) {
    return run(new byte[0], arguments);
  }

  /** Runs it with these bytes as its standard input. */
  Result run(byte[] input, String... arguments) {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    Process process = null;
    try {
      process = builder.start();
      CompletableFuture<byte[]> out = read(process.getInputStream());
      CompletableFuture<byte[]> err = read(process.getErrorStream());
      try (OutputStream in = process.getOutputStream()) {
        in.write(input);
      } catch (IOException closed) {
        // A program need not read what it is given.
      }
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError("not done after " + TIMEOUT_SECONDS + " s: " + command);
      }
      return new Result(
          process.exitValue(), out.join(), new String(err.join(), StandardCharsets.UTF_8));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError(interrupted);
    } finally {
      if (process != null) {
        process.destroyForcibly();
      }
    }
  }

  private static CompletableFuture<byte[]> read(InputStream in) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return in.readAllBytes();
          } catch (IOException failed) {
            throw new UncheckedIOException(failed);
          }
        });
  }

  /** The file of a script beside the tests. */
  static String script(String name) {
    return Path.of("src/test/scripts", name).toAbsolutePath().toString();
  }
}
