package dev.limpid.vm.layer;

import dev.limpid.vm.tool.ToolProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What there is in a layer, as the shim's {@code survey} tells: Java can't see all of it.
 *
 * @param bytes what its files take, their holes included
 * @param holes how much of that is in holes
 */
record LayerSurvey(long bytes, long holes) {
  private static final int REFUSED = 3;
  private static final int MAX_OUTPUT = 16 << 10;

  /**
   * Looks through the directories of a source.
   *
   * @param shim the shim's executable
   * @throws RefusedLayerException naming what an image can't hold
   * @throws IOException if something can't be looked at
   */
  static LayerSurvey of(LayerSource source, Path shim) throws IOException {
    long bytes = 0;
    long holes = 0;
    for (Path directory : source.directories()) {
      ToolProcess.Ended ended =
          ToolProcess.start(List.of(shim.toString(), "survey", directory.toString()), Path.of("/"))
              .toEnd(MAX_OUTPUT);
      String said = ended.output();
      if (ended.status() == REFUSED) {
        throw new RefusedLayerException(said);
      }
      String[] numbers = said.split(" ", -1);
      if (ended.status() != 0 || numbers.length != 3) {
        throw new IOException(
            directory
                + ": this layer can't be looked through: exit status "
                + ended.status()
                + ": "
                + said);
      }
      bytes += Long.parseLong(numbers[1]);
      holes += Long.parseLong(numbers[2]);
    }
    return new LayerSurvey(bytes, holes);
  }

  /** What an image takes that has no holes in it. */
  long content() {
    return bytes - holes;
  }
}
