package dev.limpid.engine.vm;

import dev.limpid.config.HugePages;
import dev.limpid.config.LimpidConfiguration;
import dev.limpid.oci.config.ConfigParser;
import dev.limpid.oci.json.JsonCursor;

/**
 * Which pages of the host a VM's memory is to consist of.
 *
 * @param pages the pages
 * @param place who says so: the file and the key, or the annotation
 */
public record HugePagesRequest(HugePages pages, String place) {
  static final String ANNOTATION = "dev.limpid.hugepages";

  private static final String KEY = "hugepages";

  /** What is configured. */
  public static HugePagesRequest of(LimpidConfiguration configuration) {
    return new HugePagesRequest(configuration.hugePages(), configuration.file() + ": " + KEY);
  }

  /**
   * What an annotation says.
   *
   * @throws dev.limpid.oci.json.InvalidSpecException if it is wrong
   */
  static HugePagesRequest of(JsonCursor annotation) {
    return new HugePagesRequest(
        HugePages.of(annotation), ConfigParser.FILE_NAME + ": annotations[\"" + ANNOTATION + "\"]");
  }
}
