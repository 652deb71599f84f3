package dev.limpid.oci.state;

import dev.limpid.oci.ContainerId;
import dev.limpid.oci.json.JsonObject;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The state of a container as hooks read it on their standard input (runtime.md, "State"): what the
 * specification knows, and nothing else.
 *
 * @param ociVersion the version of the specification that the state follows
 * @param id the container
 * @param status where it is in its life
 * @param pid the process on the host that stands for the container, 0 if there is none
 * @param bundle the bundle's directory, absolute
 * @param annotations of config.json, in their order
 */
public record HookState(
    String ociVersion,
    ContainerId id,
    Status status,
    int pid,
    String bundle,
    Map<String, String> annotations) {

  /** Copies the annotations. */
  public HookState {
    annotations = Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
  }

  /** The object, without annotations if there are none. */
  public JsonObject toJson() {
    JsonObject.Builder json =
        JsonObject.builder()
            .put("ociVersion", ociVersion)
            .put("id", id.value())
            .put("status", status.specName())
            .put("pid", pid)
            .put("bundle", bundle);
    if (!annotations.isEmpty()) {
      json.put("annotations", JsonObject.ofStrings(annotations));
    }
    return json.build();
  }
}
