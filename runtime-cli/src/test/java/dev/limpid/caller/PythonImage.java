package dev.limpid.caller;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An image with Python and little else, and a layer with all kinds of files in {@code /t}; and what
 * changes and lists them.
 */
final class PythonImage {
  /** Its name. */
  static final String NAME = "files";

  private static final String SCRIPTS = "/root/";
  private static final List<String> UNUSED =
      List.of(
          "/usr/share",
          "/usr/lib/nginx",
          "/usr/lib/python3/dist-packages",
          "/var/lib/apt",
          "/var/lib/dpkg",
          "/var/cache",
          "/usr/lib/x86_64-linux-gnu/perl-base",
          "/usr/sbin");

  private PythonImage() {}

  /** Makes it. */
  static void make(WorkFolder work, CallerCommand docker) throws IOException {
    docker.run("import", TestImages.debian().toString(), "debian").ok();
    String unused = String.join(" ", UNUSED);
    docker
        .run("run", "--runtime=runc", "--name=small", "debian", "sh", "-c", "rm -rf " + unused)
        .ok();
    String tar = work.resolve("small.tar").toString();
    docker.run("export", "-o", tar, "small").ok();
    docker.run("import", "-c", "ENV PATH=/bin:/usr/bin", tar, "python").ok();
    docker.run("rm", "small").ok();
    docker
        .run(
            "create",
            "--runtime=runc",
            "--name=layer",
            "python",
            "python3",
            SCRIPTS + "files_prepare.py")
        .ok();
    for (String script :
        List.of("files_prepare.py", "files_change.py", "files_list.py", "files_flush.py")) {
      docker.run("cp", script(work, script).toString(), "layer:" + SCRIPTS).ok();
    }
    docker.run("start", "-a", "layer").ok();
    docker.run("commit", "layer", NAME).ok();
    docker.run("rm", "layer").ok();
  }

  /** The command that changes the files in a container, in one way or another. */
  static List<String> change(String... how) {
    return command("files_change.py", how);
  }

  /** The command that writes files into folders for ever, and tells what it has flushed. */
  static List<String> flush(String... folders) {
    return command("files_flush.py", folders);
  }

  /** The command that lists a folder of a container. */
  static List<String> list(String folder) {
    return command("files_list.py", folder);
  }

  /** What is in a tar file, a line a file. */
  static List<String> listTar(WorkFolder work, byte[] tar) throws IOException {
    Path script = script(work, "files_list.py");
    return new CallerCommand(List.of("python3", script.toString(), "-"), Map.of())
        .run(tar)
        .ok()
        .lines()
        .toList();
  }

  private static List<String> command(String script, String... arguments) {
    List<String> command = new ArrayList<>(List.of("python3", SCRIPTS + script));
    command.addAll(List.of(arguments));
    return command;
  }

  private static Path script(WorkFolder work, String name) throws IOException {
    Path copy = work.resolve(name);
    try (InputStream in = PythonImage.class.getResourceAsStream(name)) {
      Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
    }
    return copy;
  }
}
