package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The path of a value as error messages write it, for example {@code mounts[3].source} or {@code
 * annotations["com.example.key"]}, and the way to change the value there.
 */
final class DocumentPath {
  private record Step(String key, int index) {
    boolean isIndex() {
      return index >= 0;
    }
  }

  private final List<Step> steps;

  private DocumentPath(List<Step> steps) {
    this.steps = List.copyOf(steps);
  }

  static DocumentPath parse(String path) {
    List<Step> steps = new ArrayList<>();
    int at = 0;
    while (at < path.length()) {
      if (path.startsWith("[\"", at)) {
        int end = path.indexOf("\"]", at + 2);
        JsonString key = (JsonString) TestDocuments.json(path.substring(at + 1, end + 1));
        steps.add(new Step(key.value(), -1));
        at = end + 2;
      } else if (path.charAt(at) == '[') {
        int end = path.indexOf(']', at);
        steps.add(new Step("", Integer.parseInt(path, at + 1, end, 10)));
        at = end + 1;
      } else {
        int start = path.charAt(at) == '.' ? at + 1 : at;
        at = start;
        while (at < path.length() && path.charAt(at) != '.' && path.charAt(at) != '[') {
          at++;
        }
        steps.add(new Step(path.substring(start, at), -1));
      }
    }
    return new DocumentPath(steps);
  }

  /** Whether the last step leads to a member of an object, rather than an element of an array. */
  boolean endsAtMember() {
    return !steps.get(steps.size() - 1).isIndex();
  }

  /** The document with a member or an element set; whatever leads there must exist. */
  JsonObject set(JsonObject document, JsonValue value) {
    return (JsonObject) changed(document, 0, Optional.of(value));
  }

  /** The document without a member. */
  JsonObject remove(JsonObject document) {
    return (JsonObject) changed(document, 0, Optional.empty());
  }

  private JsonValue changed(JsonValue value, int at, Optional<JsonValue> last) {
    if (at == steps.size()) {
      return last.orElseThrow();
    }
    Step step = steps.get(at);
    boolean isLast = at == steps.size() - 1;
    if (step.isIndex()) {
      List<JsonValue> elements = new ArrayList<>(((JsonArray) value).elements());
      elements.set(step.index(), changed(elements.get(step.index()), at + 1, last));
      return new JsonArray(elements);
    }
    JsonObject object = (JsonObject) value;
    if (!isLast) {
      return object.with(step.key(), changed(object.get(step.key()).orElseThrow(), at + 1, last));
    }
    if (last.isPresent()) {
      return object.with(step.key(), last.get());
    }
    if (object.get(step.key()).isEmpty()) {
      throw new IllegalArgumentException("there is no member " + step.key() + " to remove");
    }
    return object.without(step.key());
  }
}
