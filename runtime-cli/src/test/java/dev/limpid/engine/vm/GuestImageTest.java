package dev.limpid.engine.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.Json;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.vm.device.ImageDisk;
import dev.limpid.vm.device.PciAddress;
import dev.limpid.vm.device.PmemDisk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The guest's own root filesystem: mapped as memory, or a disk. */
class GuestImageTest {
  private static final int MIB = 1 << 20;

  private Path image;

  @BeforeEach
  void name(@TempDir Path folder) {
    image = folder.resolve("image");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, is no qcow2 image",
    "79, 0x514649fb, is no qcow2 image",
    "80, 0x514649fc, is no qcow2 image"
  })
  void refusesWhatIsNoQcow2Image(int size, String magic, String problem) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(Math.max(size, 4)).putInt(0, Integer.decode(magic));
    Files.write(image, Arrays.copyOf(header.array(), size));

    assertEquals(problem, refusal());
  }

  @ParameterizedTest
  @CsvSource({"2, 4096, 0", "3, 4096, 0", "3, -1, 0", "3, 0, 4", "3, 0, 7"})
  void refusesQcow2ImagesThatNameOtherFiles(int version, long backing, long features)
      throws IOException {
    writeQcow2(version, backing, features);

    assertEquals("is an image that needs another file, which is not supported", refusal());
  }

  @ParameterizedTest
  // Version 2 has something else where version 3 has its features.
  @CsvSource({"2, 4", "3, 0", "3, 3"})
  void takesQcow2ImagesThatAreWhole(int version, long features) throws IOException {
    writeQcow2(version, 0, features);

    assertEquals(new ImageDisk(image, "qcow2"), of("qcow2").device());
  }

  @ParameterizedTest
  @CsvSource({"vdi, vdi", "vhd, vpc", "raw, raw"})
  void formatsHaveTheirDrivers(String format, String driver) throws IOException {
    Files.writeString(image, "x");

    assertEquals(new ImageDisk(image, driver), of(format).device());
  }

  @Test
  void erofsIsMappedAsMemory() throws IOException {
    writeErofs(4 * MIB);

    assertEquals(new PmemDisk("image", image, 4 * MIB, PciAddress.IMAGE), of("raw").device());
    assertEquals(new ImageDisk(image, "vpc"), of("vhd").device());
  }

  @Test
  void whatCannotBeMappedIsADisk() throws IOException {
    writeErofs(3 * MIB);
    assertEquals(new ImageDisk(image, "raw"), of("raw").device());
    Files.write(image, new byte[2 * MIB]);
    assertEquals(new ImageDisk(image, "raw"), of("raw").device());
  }

  @Test
  void anImageThatIsMissingIsNamed() {
    IOException e = assertThrows(IOException.class, () -> GuestImage.raw(image).device());

    assertEquals(image + " (No such file or directory)", e.getMessage());
  }

  private GuestImage of(String format) {
    return GuestImage.of(cursor(format), image);
  }

  private String refusal() {
    InvalidSpecException e = assertThrows(InvalidSpecException.class, () -> of("qcow2"));
    assertEquals("path", e.path());
    return e.getMessage().replace("image: path: ", "").replace(", found \"" + image + "\"", "");
  }

  private JsonCursor cursor(String format) {
    return JsonCursor.root(
        "image", Json.object("{'format':'" + format + "'}").with("path", image.toString()));
  }

  private void writeQcow2(int version, long backing, long features) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(512);
    header.putInt(0, 0x514649fb).putInt(4, version).putLong(8, backing).putLong(72, features);
    Files.write(image, header.array());
  }

  private void writeErofs(int size) throws IOException {
    Files.write(image, new byte[size]);
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.seek(1024);
      file.writeInt(0xe2e1f5e0);
    }
  }
}
