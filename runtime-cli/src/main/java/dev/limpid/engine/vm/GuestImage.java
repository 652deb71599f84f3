package dev.limpid.engine.vm;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.vm.device.Device;
import dev.limpid.vm.device.ImageDisk;
import dev.limpid.vm.device.PciAddress;
import dev.limpid.vm.device.PmemDisk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * The root filesystem of the guest itself.
 *
 * @param path the image; absolute
 * @param driver QEMU's name for its format
 */
public record GuestImage(Path path, String driver) {
  private static final String RAW = "raw";
  private static final long PMEM_ALIGNMENT = 2L << 20;

  private static final int EROFS_MAGIC_AT = 1024;
  private static final int EROFS_MAGIC = 0xe2e1f5e0; // as it is read, the first byte the highest

  private static final int QCOW2_MAGIC = 0x514649fb;
  private static final int QCOW2_BACKING_AT = 8;
  private static final int QCOW2_FEATURES_AT = 72;
  private static final int QCOW2_HEADER = 80;
  private static final long QCOW2_DATA_FILE = 1 << 2;

  static GuestImage raw(Path path) {
    return new GuestImage(path, RAW);
  }

  /**
   * The image of a config.json.
   *
   * @param image the object {@code vm.image}
   * @param path its path, that of a file
   * @throws dev.limpid.oci.json.InvalidSpecException for a format that can't be had
   */
  static GuestImage of(JsonCursor image, Path path) {
    JsonCursor format = image.required("format");
    return switch (format.asString()) {
      case RAW -> raw(path);
      case "qcow2" -> {
        checkSelfContained(image.required("path"), path);
        yield new GuestImage(path, "qcow2");
      }
      case "vdi" -> new GuestImage(path, "vdi");
      case "vhd" -> new GuestImage(path, "vpc");
      default ->
          throw format.invalid(
              "is not supported: such an image can consist of other files, which it names");
    };
  }

  /** Whoever has made the image is not to choose which other files of the host are read. */
  private static void checkSelfContained(JsonCursor field, Path path) {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
      byte[] bytes = new byte[QCOW2_HEADER];
      file.readFully(bytes);
      ByteBuffer header = ByteBuffer.wrap(bytes);
      boolean version3 = header.getInt(4) >= 3;
      if (header.getInt(0) != QCOW2_MAGIC) {
        throw field.invalid("is no qcow2 image");
      }
      if (header.getLong(QCOW2_BACKING_AT) != 0
          || (version3 && (header.getLong(QCOW2_FEATURES_AT) & QCOW2_DATA_FILE) != 0)) {
        throw field.invalid("is an image that needs another file, which is not supported");
      }
    } catch (IOException unreadable) {
      throw field.invalid("is no qcow2 image");
    }
  }

  /**
   * What the VM gets. EROFS is mapped as memory where that is possible, and everything else is a
   * disk.
   *
   * @throws IOException if it can't be read
   */
  public Device device() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
      long size = file.length();
      if (driver.equals(RAW) && size > 0 && size % PMEM_ALIGNMENT == 0) {
        file.seek(EROFS_MAGIC_AT);
        if (file.readInt() == EROFS_MAGIC) {
          return new PmemDisk("image", path, size, PciAddress.IMAGE);
        }
      }
    }
    return new ImageDisk(path, driver);
  }
}
