package dev.limpid.engine.rootfs;

import dev.limpid.config.LimpidConfiguration;
import dev.limpid.config.RootfsMode;
import dev.limpid.oci.json.JsonCursor;
import java.util.List;
import java.util.Optional;

/**
 * How a container's root filesystem is to get into its VM.
 *
 * @param mode the way
 * @param required whether the container is not made if that way is not possible; else another one
 *     is taken
 * @param diskMiB how large the disk is that holds what is written, if it is on one; MiB
 * @param readOnly whether the container may write nothing there
 * @param ofPod whether it is of a pod of Kubernetes, which expects nothing of what was written to
 *     outlast the container
 */
public record RootfsRequest(
    RootfsMode mode, boolean required, int diskMiB, boolean readOnly, boolean ofPod) {
  /** The annotation that says the way. */
  public static final String ANNOTATION = "dev.limpid.rootfs";

  /** The annotation that says how large the disk is. */
  public static final String DISK_ANNOTATION = "dev.limpid.disk";

  /** How the engines of Kubernetes say that a container is of a pod, and no pod's sandbox. */
  private static final List<String> POD_ANNOTATIONS =
      List.of("io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType");

  /**
   * The request of a container.
   *
   * @param config its config.json, validated, and allowed to say what it says
   * @throws dev.limpid.oci.json.InvalidSpecException naming the annotation that is wrong
   */
  public static RootfsRequest of(JsonCursor config, LimpidConfiguration configuration) {
    RootfsMode mode = configuration.rootfs();
    int diskMiB = configuration.diskMiB();
    boolean required = false;
    boolean ofPod = false;
    for (JsonCursor annotation : config.optionalMembers("annotations")) {
      if (annotation.key().equals(ANNOTATION)) {
        mode = RootfsMode.of(annotation);
        required = true;
      } else if (annotation.key().equals(DISK_ANNOTATION)) {
        diskMiB = mebibytes(annotation);
      } else if (POD_ANNOTATIONS.contains(annotation.key())) {
        ofPod = annotation.asString().equals("container");
      }
    }
    Optional<JsonCursor> root = config.optional("root");
    boolean readOnly = root.isPresent() && root.get().optionalBoolean("readonly");
    return new RootfsRequest(mode, required, diskMiB, readOnly, ofPod);
  }

  /** An annotation's value is a text. */
  private static int mebibytes(JsonCursor annotation) {
    String text = annotation.asString();
    try {
      int value = Integer.parseInt(text);
      if (Integer.toString(value).equals(text)
          && value >= LimpidConfiguration.DISK_MIB_MIN
          && value <= LimpidConfiguration.DISK_MIB_MAX) {
        return value;
      }
    } catch (NumberFormatException noNumber) {
      // Said below.
    }
    throw annotation.invalid(
        "must be a number from "
            + LimpidConfiguration.DISK_MIB_MIN
            + " to "
            + LimpidConfiguration.DISK_MIB_MAX);
  }
}
