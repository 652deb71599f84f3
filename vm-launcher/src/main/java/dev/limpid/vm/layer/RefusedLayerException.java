package dev.limpid.vm.layer;

import java.io.IOException;

/** There is something in a layer that an image of it would not hold as it is. */
public final class RefusedLayerException extends IOException {
  private static final long serialVersionUID = 1L;

  RefusedLayerException(String message) {
    super(message);
  }
}
