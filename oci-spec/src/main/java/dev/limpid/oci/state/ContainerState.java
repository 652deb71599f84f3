package dev.limpid.oci.state;

import dev.limpid.oci.ContainerId;
import dev.limpid.oci.json.JsonObject;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The state of a container (runtime.md, "State"), with what runc adds to it. Paths are texts and
 * not {@link java.nio.file.Path}s: in a locale without UTF-8 a Path cannot hold every name.
 *
 * @param ociVersion the version of the specification that the state follows
 * @param id the container
 * @param status where it is in its life
 * @param pid the process on the host that stands for the container, 0 if there is none
 * @param bundle the bundle's directory, absolute
 * @param rootfs the root filesystem, absolute
 * @param created when it was created
 * @param annotations of config.json, in their order
 * @param owner the name of the user who created it; empty but for {@code list}, as with runc
 */
public record ContainerState(
    String ociVersion,
    ContainerId id,
    Status status,
    int pid,
    String bundle,
    String rootfs,
    Instant created,
    Map<String, String> annotations,
    String owner) {

  /** Copies the annotations. */
  public ContainerState {
    annotations = Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
  }

  /** This state with the name of an owner. */
  public ContainerState ownedBy(String name) {
    return new ContainerState(
        ociVersion, id, status, pid, bundle, rootfs, created, annotations, name);
  }

  /**
   * The object that {@code state} prints, and {@code list} in an array, shaped as runc's: the pid
   * is 0 once the container has stopped, and annotations are left out if there are none.
   */
  public JsonObject toJson() {
    JsonObject.Builder json =
        JsonObject.builder()
            .put("ociVersion", ociVersion)
            .put("id", id.value())
            .put("pid", livePid())
            .put("status", status.specName())
            .put("bundle", bundle)
            .put("rootfs", rootfs)
            .put("created", Rfc3339.format(created));
    if (!annotations.isEmpty()) {
      json.put("annotations", JsonObject.ofStrings(annotations));
    }
    return json.put("owner", owner).build();
  }

  /**
   * What hooks are told of this container. The status is the one the hook must see, which may
   * differ from the container's own.
   */
  public HookState hookState(Status seenByHook) {
    int livePid = seenByHook == Status.STOPPED ? 0 : pid;
    return new HookState(ociVersion, id, seenByHook, livePid, bundle, annotations);
  }

  /** The process, 0 once the container has stopped. */
  public int livePid() {
    return status == Status.STOPPED ? 0 : pid;
  }
}
