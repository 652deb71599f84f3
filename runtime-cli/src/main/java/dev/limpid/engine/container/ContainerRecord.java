package dev.limpid.engine.container;

import dev.limpid.oci.ContainerId;
import dev.limpid.oci.InvalidContainerIdException;
import dev.limpid.oci.SpecVersion;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.state.ContainerState;
import dev.limpid.oci.state.Rfc3339;
import dev.limpid.oci.state.Status;
import dev.limpid.vm.cgroup.CgroupTree;
import dev.limpid.vm.cgroup.HostCgroup;
import dev.limpid.vm.rootfs.UpperDisk;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is kept of a container in its {@code state.json}.
 *
 * @param id its name
 * @param phase how far the verbs have brought it
 * @param paused whether its processes are frozen
 * @param shim the process that stands for it, once there is one
 * @param children the shim's own, QEMU and virtiofsd, once they are known
 * @param bundle its bundle; absolute
 * @param rootfs its root filesystem on the host; absolute
 * @param created when
 * @param annotations those of config.json
 * @param releases folders made outside the container's directory, to be removed with it
 * @param disk the disk that holds what it writes, if it has one
 * @param cgroup the control group of its processes on the host, to be removed with it
 */
public record ContainerRecord(
    ContainerId id,
    Phase phase,
    boolean paused,
    Optional<HostProcess> shim,
    List<HostProcess> children,
    Path bundle,
    Path rootfs,
    Instant created,
    Map<String, String> annotations,
    List<Path> releases,
    Optional<UpperDisk> disk,
    HostCgroup cgroup) {

  /** How far the verbs have brought a container; whether it still runs, its shim tells. */
  public enum Phase {
    CREATING,
    CREATED,
    RUNNING
  }

  /** Copies the collections. */
  public ContainerRecord {
    annotations = Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
    children = List.copyOf(children);
    releases = List.copyOf(releases);
  }

  /** The same container in another phase. */
  public ContainerRecord in(Phase next) {
    return with(next, paused, shim, children);
  }

  /** The same container, frozen or not. */
  public ContainerRecord paused(boolean frozen) {
    return with(phase, frozen, shim, children);
  }

  /** The same container, run by these processes. */
  public ContainerRecord runBy(HostProcess itsShim, List<HostProcess> itsChildren) {
    return with(phase, paused, Optional.of(itsShim), itsChildren);
  }

  /** What changes in its life; all else stays. */
  private ContainerRecord with(
      Phase itsPhase,
      boolean frozen,
      Optional<HostProcess> itsShim,
      List<HostProcess> itsChildren) {
    return new ContainerRecord(
        id,
        itsPhase,
        frozen,
        itsShim,
        itsChildren,
        bundle,
        rootfs,
        created,
        annotations,
        releases,
        disk,
        cgroup);
  }

  /** What the specification's {@code state} says of it, its status being this one. */
  public ContainerState state(Status status) {
    return new ContainerState(
        SpecVersion.CURRENT,
        id,
        status,
        shim.isPresent() ? (int) shim.get().pid() : 0,
        bundle.toString(),
        rootfs.toString(),
        created,
        annotations,
        "");
  }

  JsonObject toJson() {
    JsonObject.Builder json = JsonObject.builder();
    json.put("id", id.value());
    json.put("phase", phase.name());
    json.put("paused", paused);
    if (shim.isPresent()) {
      json.put("shim", toJson(shim.get()));
    }
    List<JsonValue> processes = new ArrayList<>();
    for (HostProcess child : children) {
      processes.add(toJson(child));
    }
    json.put("children", new JsonArray(processes));
    json.put("bundle", bundle.toString());
    json.put("rootfs", rootfs.toString());
    json.put("created", Rfc3339.format(created));
    json.put("annotations", JsonObject.ofStrings(annotations));
    List<String> folders = new ArrayList<>();
    for (Path folder : releases) {
      folders.add(folder.toString());
    }
    json.put("releases", JsonArray.ofStrings(folders));
    if (disk.isPresent()) {
      json.put("disk", toJson(disk.get()));
    }
    json.put("cgroup", toJson(cgroup));
    return json.build();
  }

  static ContainerRecord fromJson(JsonCursor json) {
    Map<String, String> annotations = new LinkedHashMap<>();
    for (JsonCursor annotation : json.optionalMembers("annotations")) {
      annotations.put(annotation.key(), annotation.asString());
    }
    Optional<JsonCursor> shim = json.optional("shim");
    List<HostProcess> children = new ArrayList<>();
    for (JsonCursor child : json.optionalElements("children")) {
      children.add(process(child));
    }
    Optional<JsonCursor> disk = json.optional("disk");
    Optional<JsonCursor> cgroup = json.optional("cgroup");
    List<Path> releases = new ArrayList<>();
    for (JsonCursor folder : json.optionalElements("releases")) {
      releases.add(path(folder));
    }
    return new ContainerRecord(
        id(json.required("id")),
        phase(json.required("phase")),
        json.optionalBoolean("paused"),
        shim.isPresent() ? Optional.of(process(shim.get())) : Optional.empty(),
        children,
        path(json.required("bundle")),
        path(json.required("rootfs")),
        created(json.required("created")),
        annotations,
        releases,
        disk.isPresent() ? Optional.of(disk(disk.get())) : Optional.empty(),
        cgroup.isPresent() ? cgroup(cgroup.get()) : HostCgroup.NONE);
  }

  private static JsonObject toJson(UpperDisk disk) {
    return JsonObject.builder()
        .put("file", disk.file().toString())
        .put("aside", disk.aside().toString())
        .put("reused", disk.reused())
        .build();
  }

  private static UpperDisk disk(JsonCursor json) {
    return new UpperDisk(
        path(json.required("file")), path(json.required("aside")), json.optionalBoolean("reused"));
  }

  private static JsonObject toJson(HostCgroup cgroup) {
    List<String> directories = new ArrayList<>();
    for (Path directory : cgroup.directories()) {
      directories.add(directory.toString());
    }
    JsonObject.Builder json = JsonObject.builder();
    json.put("version", cgroup.version().name());
    json.put("directories", JsonArray.ofStrings(directories));
    if (cgroup.scope().isPresent()) {
      json.put("scope", cgroup.scope().get());
    }
    return json.build();
  }

  private static HostCgroup cgroup(JsonCursor json) {
    List<Path> directories = new ArrayList<>();
    for (JsonCursor directory : json.optionalElements("directories")) {
      directories.add(path(directory));
    }
    JsonCursor version = json.required("version");
    for (CgroupTree.Version each : CgroupTree.Version.values()) {
      if (each.name().equals(version.asString())) {
        return new HostCgroup(each, directories, json.optionalString("scope"));
      }
    }
    throw version.invalid("must be a version of control groups");
  }

  private static ContainerId id(JsonCursor json) {
    try {
      return new ContainerId(json.asString());
    } catch (InvalidContainerIdException wrong) {
      throw json.invalid("must be a container's id");
    }
  }

  private static Path path(JsonCursor json) {
    try {
      return Path.of(json.asString());
    } catch (InvalidPathException wrong) {
      throw json.invalid("must be a path");
    }
  }

  private static Phase phase(JsonCursor json) {
    for (Phase phase : Phase.values()) {
      if (phase.name().equals(json.asString())) {
        return phase;
      }
    }
    throw json.invalid("must be a phase");
  }

  private static Instant created(JsonCursor json) {
    Optional<Instant> created = Rfc3339.parse(json.asString());
    if (created.isEmpty()) {
      throw json.invalid("must be a time");
    }
    return created.get();
  }

  private static JsonObject toJson(HostProcess process) {
    return JsonObject.builder()
        .put("pid", process.pid())
        .put("startTime", process.startTime())
        .build();
  }

  private static HostProcess process(JsonCursor json) {
    return new HostProcess(
        json.required("pid").asInteger(1, Integer.MAX_VALUE), json.required("startTime").asInt64());
  }
}
