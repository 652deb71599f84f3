package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonObject;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The configuration of a container (config.md), checked by {@link ConfigParser}.
 *
 * @param ociVersion the version of the specification that the bundle follows, 1.x
 * @param process what runs in the container
 * @param root the container's root filesystem
 * @param hostname the name in the UTS namespace, up to 64 bytes
 * @param domainname the NIS domain in the UTS namespace, up to 64 bytes
 * @param mounts what is mounted besides the root, in this order
 * @param hooks programs of the caller that run at points of the lifecycle
 * @param annotations metadata of the caller, in its order
 * @param linux what is special to Linux; {@link Linux#NONE} if absent
 * @param vm what is special to virtual machines
 * @param raw the whole document as it was read, unknown members included
 */
public record Config(
    String ociVersion,
    ContainerProcess process,
    Root root,
    Optional<String> hostname,
    Optional<String> domainname,
    List<Mount> mounts,
    Hooks hooks,
    Map<String, String> annotations,
    Linux linux,
    Optional<Vm> vm,
    JsonObject raw) {
  /** Copies the collections. */
  public Config {
    mounts = List.copyOf(mounts);
    annotations = Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
  }
}
