package dev.limpid.vm.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.zip.CRC32C;

/** The CRC-32C of a file: against what disks do, not against people, who can't write there. */
final class ImageChecksum {
  private static final int BUFFER = 1 << 20;

  private ImageChecksum() {}

  static long of(FileChannel channel) throws IOException {
    CRC32C crc = new CRC32C();
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    long position = 0;
    while (true) {
      int read = channel.read(buffer.clear(), position);
      if (read < 0) {
        return crc.getValue();
      }
      position += read;
      crc.update(buffer.flip());
    }
  }
}
