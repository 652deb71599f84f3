package dev.limpid.caller;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;

/** A Docker daemon with an image of all kinds of files, and what is to be seen of them. */
abstract class DockerFilesCaller extends DockerCaller {
  @BeforeAll
  static void image() throws IOException {
    PythonImage.make(work, docker);
  }

  /** What Docker tells that a container has changed. */
  static List<String> differences(String id) {
    return docker.run("diff", id).ok().lines().sorted().toList();
  }

  /** The files that Docker copies out of a container, a line a file. */
  static List<String> copiedOut(String id) throws IOException {
    return PythonImage.listTar(work, docker.run("cp", id + ":/t", "-").out());
  }

  /** All files of a container that Docker exports, a line a file. */
  static List<String> exported(String id) throws IOException {
    return PythonImage.listTar(work, docker.run("export", id).out());
  }

  /** The files that a container sees itself, a line a file. */
  static List<String> inside(String id) {
    return in(id, PythonImage.list("/t").toArray(new String[0])).ok().lines().toList();
  }

  /** The files that a new container of an image sees, a line a file. */
  static List<String> insideOf(String image, String runtime) {
    List<String> listing = new ArrayList<>(List.of("run", "--runtime", runtime, "--rm", image));
    listing.addAll(PythonImage.list("/t"));
    return docker.run(listing.toArray(new String[0])).ok().lines().toList();
  }

  /** A property of a container. */
  static String property(String id, String property) {
    return docker.run("inspect", "-f", "{{." + property + "}}", id).ok();
  }
}
