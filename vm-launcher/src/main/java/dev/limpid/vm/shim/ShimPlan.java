package dev.limpid.vm.shim;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;

/** What a shim is told to do (docs/shim.md, "The plan"). Collected, then written once. */
public final class ShimPlan {
  /** The folder in the container's directory that virtiofsd serves. */
  public static final String SHARED = "shared";

  private static final int FIELDS_MAX = 1024;
  private static final int FIELD_MAX = 65535;
  private static final int PLAN_MAX = 1 << 20;

  /** Paths are bytes: they leave this program as they came in. */
  private static final Charset NATIVE =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /**
   * A plan for the container of a directory.
   *
   * @param directory absolute
   * @param verb the name of the socket in it on which the verb listens
   */
  public ShimPlan(Path directory, String verb) {
    put("directory", directory.toString());
    put("verb", verb);
  }

  /**
   * All processes that the shim starts, and itself, are in the control groups of these directories.
   *
   * @param directories absolute; they exist
   */
  public void cgroup(List<Path> directories) {
    for (Path directory : directories) {
      put("cgroup", directory.toString());
    }
  }

  /**
   * How likely the host's kernel ends the VM if it lacks memory.
   *
   * @param adjustment -1000, never, to 1000
   */
  public void oomScoreAdjustment(int adjustment) {
    put("oom-score-adj", Integer.toString(adjustment));
  }

  /**
   * The container is in the VM of another one.
   *
   * @param directory the other one's; absolute
   */
  public void sandbox(Path directory) {
    put("sandbox", directory.toString());
  }

  /** The VM gets a network namespace of its own, or joins the one at a path. */
  public void network(Optional<Path> namespace) {
    if (namespace.isPresent()) {
      put("network", "join", namespace.get().toString());
    } else {
      put("network", "new");
    }
  }

  /** The VM has a folder in common with the host, which the next three fill. */
  public void share() {
    put("share", SHARED);
  }

  /**
   * Shows a directory or file in the shared folder.
   *
   * @param source absolute, without symbolic links
   * @param name its name there; one or two components
   * @param options how
   */
  public void bind(Path source, String name, BindOptions options) {
    if (options.identities().isEmpty()) {
      put("bind", source.toString(), name, options.words());
    } else {
      IdentityMap map = options.identities().get();
      put("bind", source.toString(), name, options.words(), map.users(), map.groups());
    }
    put("confine", name, options.readOnly() ? "ro" : "rw");
  }

  /**
   * Shows an overlay's upper directory and a work directory beside it, and nothing else of the
   * folder that holds them.
   *
   * @param parent that folder; absolute, without symbolic links
   * @param upper the upper directory's name in it
   * @param work the work directory's name in it
   * @param name the folder's name in the shared folder
   */
  public void upper(Path parent, String upper, String work, String name) {
    put("upper", parent.toString(), upper, work, name);
    put("confine", name + "/" + upper, "rw");
    put("confine", name + "/" + work, "rw");
  }

  /**
   * What those find at / who enter the shim's mount namespace, as engines do to copy files.
   *
   * @param root the root filesystem on the host; absolute, without symbolic links
   */
  public void root(Path root) {
    put("root", root.toString());
  }

  /**
   * Where the overlay of that upper directory is mounted on the host: what engines see there is
   * kept up to date.
   *
   * @param mountPoint absolute, without symbolic links
   */
  public void merged(Path mountPoint) {
    put("merged", mountPoint.toString());
  }

  /**
   * QEMU gets a block device of the host, opened: the first one as descriptor 6, then 7, and so on.
   *
   * @param node the device's node; absolute
   * @param major its major number
   * @param minor its minor number
   * @param readOnly so that it can't be written; otherwise nobody else may have it mounted
   */
  public void disk(Path node, int major, int minor, boolean readOnly) {
    put("disk", node.toString(), major + ":" + minor, readOnly ? "ro" : "rw");
  }

  /**
   * A stream socket that the guest can connect to. The first one has the number 0, then 1, and so
   * on; at most 64.
   *
   * @param path absolute, without symbolic links
   */
  public void socket(Path path) {
    put("socket", path.toString());
  }

  /**
   * QEMU gets a regular file, opened for writing and locked, as the descriptor that follows those
   * of the block devices.
   *
   * @param file absolute; for its owner alone
   */
  public void file(Path file) {
    put("file", file.toString());
  }

  /**
   * QEMU gets an empty file in memory, as the descriptor that follows all others.
   *
   * @param bytes its size; a multiple of 4096
   */
  public void memory(long bytes) {
    put("memory", Long.toString(bytes));
  }

  /**
   * The same, with what is in a template's memory.
   *
   * @param template the file; absolute, and of that size
   */
  public void memory(long bytes, Path template) {
    put("memory", Long.toString(bytes), template.toString());
  }

  /**
   * QEMU gets the state of a template's devices to read, as the descriptor that follows that of the
   * memory.
   *
   * @param template the file; absolute
   */
  public void state(Path template) {
    put("state", template.toString());
  }

  /** virtiofsd's program and arguments. */
  public void virtiofsd(List<String> command) {
    putCommand("virtiofsd", command);
  }

  /**
   * passt's program and arguments. Its descriptor 3 is one end of the socket whose other end is the
   * last of QEMU's descriptors, after those of the disks and the file.
   */
  public void passt(List<String> command) {
    putCommand("passt", command);
  }

  /** QEMU's program and arguments. */
  public void hypervisor(List<String> command) {
    putCommand("hypervisor", command);
  }

  /** The program, and its arguments, that is run when the network of the namespace has changed. */
  public void refresh(List<String> command) {
    putCommand("refresh", command);
  }

  /**
   * This process is not to learn of the shim's end: another one waits for its pid, and must be the
   * one that reaps it, which Java would do as well.
   */
  public void detached() {
    put("detached");
  }

  /** The shim's standard input is the container's terminal. */
  public void inheritTerminal() {
    put("terminal", "inherit");
  }

  /** The container's terminal is sent to the socket at a path. */
  public void sendTerminal(Path socket) {
    put("terminal", "socket", socket.toString());
  }

  /** The container has no terminal. */
  public void noTerminal() {
    put("terminal", "none");
  }

  /**
   * Where the shim's own errors go.
   *
   * @param file absolute
   * @param format {@code text} or {@code json}
   */
  public void log(Path file, String format) {
    put("log", file.toString(), format);
  }

  /**
   * Writes the plan, for its owner only. The shim removes the file once it has read it.
   *
   * @throws IOException if it can't be written, or is larger than a plan may be
   */
  public void write(Path file) throws IOException {
    if (bytes.size() > PLAN_MAX) {
      throw new IOException(
          "the plan of this container takes " + bytes.size() + " bytes: at most " + PLAN_MAX);
    }
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.write(file, bytes.toByteArray(), StandardOpenOption.WRITE);
  }

  byte[] toBytes() {
    return bytes.toByteArray();
  }

  private void putCommand(String directive, List<String> command) {
    String[] fields = new String[command.size() + 1];
    fields[0] = directive;
    for (int i = 0; i < command.size(); i++) {
      fields[i + 1] = command.get(i);
    }
    put(fields);
  }

  private void put(String... fields) {
    if (fields.length > FIELDS_MAX) {
      throw new IllegalArgumentException(fields[0] + ": " + fields.length + " fields");
    }
    number(fields.length);
    for (String field : fields) {
      byte[] text = field.getBytes(NATIVE);
      if (text.length > FIELD_MAX || field.indexOf('\0') >= 0) {
        throw new IllegalArgumentException(fields[0] + ": a field that is too long or holds a NUL");
      }
      number(text.length);
      bytes.write(text, 0, text.length);
    }
  }

  private void number(int value) {
    for (int shift = 0; shift < 32; shift += 8) {
      bytes.write(value >>> shift);
    }
  }
}
