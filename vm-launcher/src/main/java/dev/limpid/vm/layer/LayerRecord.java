package dev.limpid.vm.layer;

import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.json.JsonWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * What is known of an image, in a file {@code <uuid>.json} beside it.
 *
 * @param sources the directories that it was made of, the uppermost first
 * @param size the image's size in bytes
 * @param content how much of that is not the hole at its end
 * @param checksum the CRC-32C of the image
 * @param created when
 */
public record LayerRecord(
    List<String> sources, long size, long content, long checksum, Instant created) {
  private static final int MAX_BYTES = 1 << 20;
  private static final long CRC_MAX = 0xffffffffL;

  /** Copies the list. */
  public LayerRecord {
    sources = List.copyOf(sources);
  }

  /** Writes it to a file and to the disk. */
  void write(Path file) throws IOException {
    List<JsonValue> names = new ArrayList<>(sources.size());
    for (String source : sources) {
      names.add(new JsonString(source));
    }
    JsonObject json =
        JsonObject.builder()
            .put("sources", new JsonArray(names))
            .put("size", size)
            .put("content", content)
            .put("crc32c", checksum)
            .put("created", created.toString())
            .build();
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(JsonWriter.compact().writeBytes(json));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
  }

  /**
   * Reads one.
   *
   * @throws java.nio.file.NoSuchFileException if there is none
   * @throws IOException if it is not what {@link #write} has written
   */
  static LayerRecord read(Path file) throws IOException {
    try {
      JsonCursor json =
          JsonCursor.root(file.toString(), new JsonReader(file.toString(), MAX_BYTES).read(file));
      return new LayerRecord(
          json.required("sources").asStrings(),
          json.required("size").asInteger(LayerImage.ALIGNMENT, Long.MAX_VALUE),
          json.required("content").asInteger(1, Long.MAX_VALUE),
          json.required("crc32c").asInteger(0, CRC_MAX),
          Instant.parse(json.requiredString("created")));
    } catch (DocumentException | DateTimeException wrong) {
      throw new IOException(file + ": " + wrong.getMessage(), wrong);
    }
  }
}
