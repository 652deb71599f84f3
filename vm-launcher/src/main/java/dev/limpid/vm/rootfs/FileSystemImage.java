package dev.limpid.vm.rootfs;

import dev.limpid.vm.tool.ToolProcess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;

/** Makes empty ext4 file systems in sparse files. They take some hundred KiB at first. */
final class FileSystemImage {
  /** Given in full, because the defaults are what the host's administrator likes. */
  private static final String FEATURES =
      "none,has_journal,ext_attr,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,"
          + "huge_file,dir_nlink,extra_isize,metadata_csum";

  private static final int MAX_OUTPUT = 4096;

  /** Of a file's name while it is made. */
  static final String TEMPORARY_PREFIX = ".making";

  private FileSystemImage() {}

  /**
   * Makes one aside, and puts it in its place once it is whole and on the host's disk.
   *
   * @param file the file; one beside it, {@code .making} and its name, is used meanwhile
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
    return file.resolveSibling(TEMPORARY_PREFIX + file.getFileName());
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
    // The host's own may say what features a file system gets.
    Map<String, String> configuration = Map.of("MKE2FS_CONFIG", "/dev/null");
    ToolProcess.Ended ended =
        ToolProcess.start(command, Path.of("/"), configuration).toEnd(MAX_OUTPUT);
    if (ended.status() != 0) {
      throw new IOException(
          file
              + ": mkfs.ext4 (of e2fsprogs): exit status "
              + ended.status()
              + ": "
              + ended.output());
    }
  }
}
