package dev.limpid.oci.state;

import dev.limpid.oci.ContainerId;
import dev.limpid.oci.InvalidContainerIdException;
import dev.limpid.oci.json.JsonCursor;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Checks the members of a state (runtime.md, "State"). */
final class StateMembers {
  private StateMembers() {}

  static ContainerId id(JsonCursor cursor) {
    try {
      return new ContainerId(cursor.asString());
    } catch (InvalidContainerIdException e) {
      throw cursor.invalid("must be a container id");
    }
  }

  static Status status(JsonCursor cursor) {
    Optional<Status> status = Status.ofSpecName(cursor.asString());
    if (status.isEmpty()) {
      throw cursor.invalid("must be one of creating, created, running, paused and stopped");
    }
    return status.get();
  }

  static int pid(Optional<JsonCursor> cursor) {
    return cursor.isEmpty() ? 0 : (int) cursor.get().asInteger(0, Integer.MAX_VALUE);
  }

  static Instant created(JsonCursor cursor) {
    Optional<Instant> created = Rfc3339.parse(cursor.asString());
    if (created.isEmpty()) {
      throw cursor.invalid("must be a time such as 2025-03-01T12:34:56.789Z");
    }
    return created.get();
  }

  static Map<String, String> annotations(JsonCursor state) {
    Map<String, String> annotations = new LinkedHashMap<>();
    for (JsonCursor entry : state.optionalMembers("annotations")) {
      annotations.put(entry.key(), entry.asString());
    }
    return annotations;
  }
}
