package dev.limpid.vm.layer;

import java.nio.file.Path;

/** Told how far a large image is, so that a person who waits knows for what. */
public interface LayerProgress {
  /** For whom nobody watches. */
  LayerProgress NONE =
      new LayerProgress() {
        @Override
        public void made(Path directory, long bytes, long expected) {
          // Nobody watches.
        }

        @Override
        public void done() {
          // Nobody watches.
        }
      };

  /**
   * An image is being made. This is called several times a second, only for layers of more than 200
   * MB.
   *
   * @param directory what it is made of
   * @param bytes what has been written
   * @param expected what there is to be written, roughly; more than 0
   */
  void made(Path directory, long bytes, long expected);

  /** The image that was being made is made, or can't be. */
  void done();
}
