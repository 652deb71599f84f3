package dev.limpid.oci.features;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The features document (features.md).
 *
 * @param ociVersionMin the oldest version of the specification that is accepted
 * @param ociVersionMax the newest
 * @param hooks the names of the hooks that are run
 * @param mountOptions the mount options that are known
 * @param linux what is special to Linux (features-linux.md)
 * @param annotations properties of the implementation, in their order
 * @param potentiallyUnsafeConfigAnnotations annotations of config.json that can change what the
 *     runtime does; a name that ends with a dot stands for all that begin with it
 */
public record Features(
    String ociVersionMin,
    String ociVersionMax,
    List<String> hooks,
    List<String> mountOptions,
    LinuxFeatures linux,
    Map<String, String> annotations,
    List<String> potentiallyUnsafeConfigAnnotations) {

  /** Copies the collections. */
  public Features {
    hooks = List.copyOf(hooks);
    mountOptions = List.copyOf(mountOptions);
    annotations = Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
    potentiallyUnsafeConfigAnnotations = List.copyOf(potentiallyUnsafeConfigAnnotations);
  }

  /** The document. */
  public JsonObject toJson() {
    JsonObject.Builder json =
        JsonObject.builder()
            .put("ociVersionMin", ociVersionMin)
            .put("ociVersionMax", ociVersionMax)
            .put("hooks", JsonArray.ofStrings(hooks))
            .put("mountOptions", JsonArray.ofStrings(mountOptions))
            .put("linux", linux.toJson());
    if (!annotations.isEmpty()) {
      json.put("annotations", JsonObject.ofStrings(annotations));
    }
    if (!potentiallyUnsafeConfigAnnotations.isEmpty()) {
      json.put(
          "potentiallyUnsafeConfigAnnotations",
          JsonArray.ofStrings(potentiallyUnsafeConfigAnnotations));
    }
    return json.build();
  }
}
