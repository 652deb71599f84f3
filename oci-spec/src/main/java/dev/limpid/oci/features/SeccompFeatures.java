package dev.limpid.oci.features;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import java.util.List;

/**
 * The system call filters that are supported (features-linux.md, "seccomp").
 *
 * @param enabled whether filters are applied at all
 * @param actions names such as {@code SCMP_ACT_ERRNO}
 * @param operators names such as {@code SCMP_CMP_EQ}
 * @param archs names such as {@code SCMP_ARCH_X86_64}
 * @param knownFlags names such as {@code SECCOMP_FILTER_FLAG_LOG}
 * @param supportedFlags those of them that work
 */
public record SeccompFeatures(
    boolean enabled,
    List<String> actions,
    List<String> operators,
    List<String> archs,
    List<String> knownFlags,
    List<String> supportedFlags) {

  /** Copies the collections. */
  public SeccompFeatures {
    actions = List.copyOf(actions);
    operators = List.copyOf(operators);
    archs = List.copyOf(archs);
    knownFlags = List.copyOf(knownFlags);
    supportedFlags = List.copyOf(supportedFlags);
  }

  JsonObject toJson() {
    JsonObject.Builder json = JsonObject.builder().put("enabled", enabled);
    putFilled(json, "actions", actions);
    putFilled(json, "operators", operators);
    putFilled(json, "archs", archs);
    putFilled(json, "knownFlags", knownFlags);
    putFilled(json, "supportedFlags", supportedFlags);
    return json.build();
  }

  /** An empty list would claim that nothing is known; a missing one claims nothing. */
  private static void putFilled(JsonObject.Builder json, String name, List<String> values) {
    if (!values.isEmpty()) {
      json.put(name, JsonArray.ofStrings(values));
    }
  }
}
