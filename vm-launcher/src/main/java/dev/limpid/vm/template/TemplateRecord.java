package dev.limpid.vm.template;

import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;

/**
 * What a person wants to know of a template.
 *
 * @param memoryMiB its memory in MiB
 * @param vcpus its virtual CPUs
 * @param accelerator {@code kvm} or {@code tcg}
 * @param hypervisor the hypervisor it was made with
 * @param kernel its kernel
 * @param created when
 */
public record TemplateRecord(
    int memoryMiB, int vcpus, String accelerator, Path hypervisor, Path kernel, Instant created) {
  private static final int MAX_BYTES = 1 << 16;

  void write(Path file) throws IOException {
    JsonObject json =
        JsonObject.builder()
            .put("memoryMiB", memoryMiB)
            .put("vcpus", vcpus)
            .put("accelerator", accelerator)
            .put("hypervisor", hypervisor.toString())
            .put("kernel", kernel.toString())
            .put("created", created.toString())
            .build();
    Files.write(file, JsonWriter.compact().writeBytes(json));
  }

  /**
   * Reads one.
   *
   * @throws java.nio.file.NoSuchFileException if there is none
   * @throws IOException if it is not what {@link #write} has written
   */
  static TemplateRecord read(Path file) throws IOException {
    try {
      JsonCursor json =
          JsonCursor.root(file.toString(), new JsonReader(file.toString(), MAX_BYTES).read(file));
      return new TemplateRecord(
          (int) json.required("memoryMiB").asInteger(1, Integer.MAX_VALUE),
          (int) json.required("vcpus").asInteger(1, Integer.MAX_VALUE),
          json.requiredString("accelerator"),
          Path.of(json.requiredString("hypervisor")),
          Path.of(json.requiredString("kernel")),
          Instant.parse(json.requiredString("created")));
    } catch (DocumentException | DateTimeException wrong) {
      throw new IOException(file + ": " + wrong.getMessage(), wrong);
    }
  }
}
