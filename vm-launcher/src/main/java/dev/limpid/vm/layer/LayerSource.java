package dev.limpid.vm.layer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What an image is made of: one lower directory, or several at the bottom of an overlay as they are
 * seen together.
 *
 * @param directories the uppermost first; absolute, without symbolic links
 * @param options the overlay's, which say how several are to be read together
 * @param uuid the image's
 */
record LayerSource(List<Path> directories, String options, String uuid) {
  LayerSource {
    directories = List.copyOf(directories);
  }

  static LayerSource of(Path directory) throws IOException {
    return new LayerSource(List.of(directory), "", LayerIdentity.of(directory));
  }

  static LayerSource of(List<Path> directories, String options) throws IOException {
    return new LayerSource(directories, options, LayerIdentity.of(directories, options));
  }

  /** What it is in messages: its uppermost directory. */
  Path name() {
    return directories.get(0);
  }

  boolean isMerged() {
    return directories.size() > 1;
  }

  /** Whether the directories are still those that the UUID stands for. */
  boolean isUnchanged() throws IOException {
    LayerSource now = isMerged() ? of(directories, options) : of(name());
    return now.uuid.equals(uuid);
  }
}
