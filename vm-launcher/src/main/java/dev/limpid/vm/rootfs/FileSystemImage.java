package dev.limpid.vm.rootfs;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** Makes empty ext4 file systems in sparse files. They take some hundred KiB at first. */
final class FileSystemImage {
  /** Given in full, because the defaults are what the host's administrator likes. */
  private static final String FEATURES =
      "none,has_journal,ext_attr,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,"
          + "huge_file,dir_nlink,extra_isize,metadata_csum";

  private static final int MAX_OUTPUT = 4096;

  private FileSystemImage() {}

  /**
   * Makes one aside, and puts it in its place once it is whole and on the host's disk.
   *
   * @param file the file; one beside it, {@code file.tmp}, is used meanwhile
   * @param mebibytes its size
   * @throws IOException naming the file, and what mkfs.ext4 said
   */
  static void make(Path file, int mebibytes) throws IOException {
    Path temporary = temporary(file);
    boolean done = false;
    try {
      Files.deleteIfExists(temporary);
      create(temporary, mebibytes);
      run(temporary);
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      done = true;
    } finally {
      if (!done) {
        Files.deleteIfExists(temporary);
      }
    }
  }

  /** What is made of it aside. */
  static Path temporary(Path file) {
    return file.resolveSibling(file.getFileName() + ".tmp");
  }

  /** A hole of that size, for its owner alone. */
  private static void create(Path file, int mebibytes) throws IOException {
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), ((long) mebibytes << 20) - 1);
    }
  }

  private static void run(Path file) throws IOException {
    List<String> command =
        List.of(
            // A verb that is killed takes this with it.
            "setpriv",
            "--pdeathsig",
            "KILL",
            "--",
            "mkfs.ext4",
            "-q",
            "-F",
            "-O",
            FEATURES,
            "-I",
            "256",
            // Nobody but root writes here.
            "-m",
            "0",
            "-E",
            "lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0",
            file.toString());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().clear();
    builder
        .environment()
        .put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    builder.environment().put("LC_ALL", "C");
    // The host's may say what features a file system gets.
    builder.environment().put("MKE2FS_CONFIG", "/dev/null");
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      byte[] output = process.getInputStream().readNBytes(MAX_OUTPUT);
      process.getInputStream().transferTo(OutputStream.nullOutputStream());
      int status = process.waitFor();
      if (status != 0) {
        throw new IOException(
            file
                + ": mkfs.ext4 (of e2fsprogs): exit status "
                + status
                + ": "
                + new String(output, StandardCharsets.UTF_8).strip());
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException(file + ": interrupted", interrupted);
    } finally {
      process.destroyForcibly();
    }
  }
}
