package dev.limpid.vm.layer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A process of its own that uses a store, as a verb does: prints the images' paths, and lets go of
 * them when its standard input ends.
 */
final class StoreProgram {
  private StoreProgram() {}

  /** Takes the store, the shim, the container's folder, and lower directories. */
  public static void main(String[] arguments) throws Exception {
    List<Path> lowers = new ArrayList<>();
    for (int i = 3; i < arguments.length; i++) {
      lowers.add(Path.of(arguments[i]));
    }
    try (LayerStore store =
        new LayerStore(
            Path.of(arguments[0]),
            Path.of(arguments[1]),
            new LayerBounds(0, 1L << 34),
            LayerProgress.NONE)) {
      for (Layer layer : store.images(lowers, "", Path.of(arguments[2]))) {
        System.out.println(layer.image());
      }
      System.out.println("ready");
      System.out.flush();
      System.in.transferTo(java.io.OutputStream.nullOutputStream());
    }
  }

  /** Starts one. */
  static Process start(Path store, Path shim, Path container, Path... lowers) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(
        List.of(
            StoreProgram.class.getName(), store.toString(), shim.toString(), container.toString()));
    for (Path lower : lowers) {
      command.add(lower.toString());
    }
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** Waits until one has its images. */
  static List<String> ready(Process process) throws Exception {
    List<String> lines = new ArrayList<>();
    var out = process.inputReader();
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.equals("ready")) {
        return lines;
      }
      lines.add(line);
    }
    throw new AssertionError("exit status " + process.waitFor() + " after " + lines);
  }
}
