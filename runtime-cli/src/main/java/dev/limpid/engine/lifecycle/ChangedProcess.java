package dev.limpid.engine.lifecycle;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonNumber;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The process object of a container as the base of another one (runc's {@code exec} without {@code
 * --process}).
 *
 * @param process the container's own
 */
record ChangedProcess(JsonObject process) {
  JsonObject with(ExecSpecification.Changes changes) {
    JsonObject result =
        process
            .without("consoleSize")
            .with("args", JsonArray.ofStrings(changes.args()))
            .with("terminal", changes.terminal())
            .with("user", user(changes));
    if (changes.cwd().isPresent()) {
      result = result.with("cwd", changes.cwd().get());
    }
    if (!changes.env().isEmpty()) {
      result = result.with("env", more("env", changes.env()));
    }
    if (!changes.capabilities().isEmpty()) {
      result = result.with("capabilities", capabilities(changes.capabilities()));
    }
    if (changes.noNewPrivileges().isPresent()) {
      result = result.with("noNewPrivileges", changes.noNewPrivileges().get());
    }
    return result;
  }

  private JsonArray more(String member, List<String> added) {
    List<JsonValue> all = new ArrayList<>(elements(process.get(member)));
    for (String each : added) {
      all.add(new JsonString(each));
    }
    return new JsonArray(all);
  }

  private JsonObject user(ExecSpecification.Changes changes) {
    JsonObject user = object(process.get("user"));
    if (changes.uid().isPresent()) {
      user = user.with("uid", changes.uid().getAsLong());
    }
    if (changes.gid().isPresent()) {
      user = user.with("gid", changes.gid().getAsLong());
    }
    if (!changes.additionalGids().isEmpty()) {
      List<JsonValue> gids = new ArrayList<>(elements(user.get("additionalGids")));
      for (long gid : changes.additionalGids()) {
        gids.add(JsonNumber.of(gid));
      }
      user = user.with("additionalGids", new JsonArray(gids));
    }
    return user;
  }

  private JsonObject capabilities(List<String> added) {
    JsonObject sets = object(process.get("capabilities"));
    for (String set : new String[] {"bounding", "effective", "permitted"}) {
      List<JsonValue> all = new ArrayList<>(elements(sets.get(set)));
      for (String capability : added) {
        JsonString name = new JsonString(capability);
        if (!all.contains(name)) {
          all.add(name);
        }
      }
      sets = sets.with(set, new JsonArray(all));
    }
    return sets;
  }

  private static JsonObject object(Optional<JsonValue> value) {
    return value.isPresent() && value.get() instanceof JsonObject object
        ? object
        : JsonObject.empty();
  }

  private static List<JsonValue> elements(Optional<JsonValue> value) {
    return value.isPresent() && value.get() instanceof JsonArray array
        ? array.elements()
        : List.of();
  }
}
