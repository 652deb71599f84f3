package dev.limpid.engine.network;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.AtomicFile;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonNumber;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.vm.device.PciBridge;
import dev.limpid.vm.network.NetworkState;
import dev.limpid.vm.network.TrafficRedirection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * What is known of a container's network between two verbs: its file {@code network.json}.
 *
 * @param mark what the container's taps are known by, and nobody else's
 * @param namespace the namespace that was named by a path, and outlives the VM; empty: it has one
 *     of its own
 * @param queues pairs of queues that its interfaces have
 * @param resolver whether the guest asks the name server in the namespace
 * @param ports the namespace's {@code net.ipv4.ip_local_port_range} before it was changed for that
 * @param joined the links that have been joined with the VM
 * @param lostSlots those of devices that the guest does not let go of
 * @param state what the guest has been told of the namespace
 */
record NetworkRecord(
    String mark,
    Optional<Path> namespace,
    int queues,
    boolean resolver,
    Optional<String> ports,
    List<TrafficRedirection> joined,
    List<Integer> lostSlots,
    NetworkState state) {
  private static final String FILE = "network.json";
  private static final int QUEUES_MAX = 256;
  private static final Pattern MARK = Pattern.compile("limpid-[0-9a-f-]{36}");
  private static final Pattern PORTS = Pattern.compile("[0-9]{1,5}\t[0-9]{1,5}");

  NetworkRecord {
    joined = List.copyOf(joined);
    lostSlots = List.copyOf(lostSlots);
  }

  /**
   * That of a VM that has nothing yet.
   *
   * @param queues pairs of queues that each interface is to have, from 1 on
   */
  static NetworkRecord fresh(Optional<Path> namespace, int queues) {
    return new NetworkRecord(
        "limpid-" + UUID.randomUUID(),
        namespace,
        queues,
        false,
        Optional.empty(),
        List.of(),
        List.of(),
        NetworkState.EMPTY);
  }

  /** Whether anything was written of a container; what, is not looked at. */
  static boolean exists(ContainerDirectory directory) {
    return Files.exists(directory.path().resolve(FILE));
  }

  /**
   * What was written of a container.
   *
   * @throws EngineException if it can't be read
   */
  static Optional<NetworkRecord> read(ContainerDirectory directory) {
    Path file = directory.path().resolve(FILE);
    try {
      return Optional.of(fromJson(JsonCursor.root(FILE, new JsonReader(FILE).read(file))));
    } catch (NoSuchFileException none) {
      return Optional.empty();
    } catch (IOException | DocumentException failed) {
      throw new EngineException(file + ": " + failed.getMessage(), failed);
    }
  }

  void write(ContainerDirectory directory) {
    AtomicFile.write(directory.path().resolve(FILE), JsonWriter.compact().writeBytes(toJson()));
  }

  JsonObject toJson() {
    JsonObject.Builder json = JsonObject.builder().put("mark", mark);
    ports.ifPresent(range -> json.put("ports", range));
    namespace.ifPresent(path -> json.put("namespace", path.toString()));
    json.put("queues", queues);
    json.put("resolver", resolver);
    List<JsonValue> links = new ArrayList<>();
    for (TrafficRedirection each : joined) {
      links.add(
          JsonObject.builder()
              .put("link", each.link())
              .put("index", each.linkIndex())
              .put("slot", each.slot())
              .put("madeQdisc", each.madeQdisc())
              .put("madeAllmulticast", each.madeAllmulticast())
              .build());
    }
    json.put("joined", new JsonArray(links));
    List<JsonValue> lost = new ArrayList<>();
    for (int slot : lostSlots) {
      lost.add(JsonNumber.of(slot));
    }
    json.put("lostSlots", new JsonArray(lost));
    json.put("state", state.toJson());
    return json.build();
  }

  static NetworkRecord fromJson(JsonCursor json) {
    List<TrafficRedirection> joined = new ArrayList<>();
    for (JsonCursor each : json.optionalElements("joined")) {
      joined.add(
          new TrafficRedirection(
              each.requiredString("link"),
              (int) each.required("index").asInteger(1, Integer.MAX_VALUE),
              (int) each.required("slot").asInteger(1, PciBridge.SLOTS),
              each.optionalBoolean("madeQdisc"),
              each.optionalBoolean("madeAllmulticast")));
    }
    List<Integer> lost = new ArrayList<>();
    for (JsonCursor slot : json.optionalElements("lostSlots")) {
      lost.add((int) slot.asInteger(1, PciBridge.SLOTS));
    }
    return new NetworkRecord(
        matching(json.required("mark"), MARK),
        json.optionalString("namespace").map(Path::of),
        (int) json.required("queues").asInteger(1, QUEUES_MAX),
        json.optionalBoolean("resolver"),
        json.optional("ports").map(ports -> matching(ports, PORTS)),
        joined,
        lost,
        NetworkState.fromJson(json.required("state")));
  }

  private static String matching(JsonCursor text, Pattern pattern) {
    if (!pattern.matcher(text.asString()).matches()) {
      throw text.invalid("must match " + pattern);
    }
    return text.asString();
  }
}
