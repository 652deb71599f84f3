package dev.limpid.oci.json;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A JSON object. It keeps the order of its members and is written in it; two objects of the same
 * members in different orders are equal, as JSON has it.
 */
public final class JsonObject implements JsonValue {
  private static final JsonObject EMPTY = new JsonObject(Map.of());

  private final Map<String, JsonValue> members;

  private JsonObject(Map<String, JsonValue> members) {
    this.members = Collections.unmodifiableMap(members);
  }

  /** The object without members. */
  public static JsonObject empty() {
    return EMPTY;
  }

  /** An object of strings, in the map's order. */
  public static JsonObject ofStrings(Map<String, String> values) {
    Builder builder = builder();
    for (Map.Entry<String, String> entry : values.entrySet()) {
      builder.put(entry.getKey(), entry.getValue());
    }
    return builder.build();
  }

  /** Collects the members of a new object. */
  public static Builder builder() {
    return new Builder();
  }

  /** The members in their order, unmodifiable. */
  public Map<String, JsonValue> members() {
    return members;
  }

  /** The value of a member, empty if there is no such member; {@link JsonNull} is a value. */
  public Optional<JsonValue> get(String key) {
    return Optional.ofNullable(members.get(key));
  }

  /** Whether this object has no members. */
  public boolean isEmpty() {
    return members.isEmpty();
  }

  /** This object with a member set: in the place it had, or else at the end. */
  public JsonObject with(String key, JsonValue value) {
    Map<String, JsonValue> changed = new LinkedHashMap<>(members);
    changed.put(Objects.requireNonNull(key), Objects.requireNonNull(value));
    return new JsonObject(changed);
  }

  /** This object with a member set to a string. */
  public JsonObject with(String key, String value) {
    return with(key, new JsonString(value));
  }

  /** This object with a member set to a number. */
  public JsonObject with(String key, long value) {
    return with(key, JsonNumber.of(value));
  }

  /** This object with a member set to a boolean. */
  public JsonObject with(String key, boolean value) {
    return with(key, JsonBoolean.of(value));
  }

  /** This object without a member; itself if it had none of that name. */
  public JsonObject without(String key) {
    if (!members.containsKey(key)) {
      return this;
    }
    Map<String, JsonValue> changed = new LinkedHashMap<>(members);
    changed.remove(key);
    return new JsonObject(changed);
  }

  @Override
  public String kind() {
    return "an object";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof JsonObject object && members.equals(object.members);
  }

  @Override
  public int hashCode() {
    return members.hashCode();
  }

  /** The compact JSON text, for messages of tests and debuggers. */
  @Override
  public String toString() {
    return JsonWriter.compact().write(this);
  }

  /** Collects the members of a new object in the order they come; usable once. */
  public static final class Builder {
    private final Map<String, JsonValue> collected = new LinkedHashMap<>();
    private boolean built;

    private Builder() {}

    /**
     * Adds a member.
     *
     * @throws IllegalArgumentException if the object already has one of that name
     */
    public Builder put(String key, JsonValue value) {
      if (!putIfNew(key, value)) {
        throw new IllegalArgumentException("duplicate key " + QuotedText.of(key));
      }
      return this;
    }

    /** Adds a string member. */
    public Builder put(String key, String value) {
      return put(key, new JsonString(value));
    }

    /** Adds a number member. */
    public Builder put(String key, long value) {
      return put(key, JsonNumber.of(value));
    }

    /** Adds a boolean member. */
    public Builder put(String key, boolean value) {
      return put(key, JsonBoolean.of(value));
    }

    /** Adds a member and says whether the name was new; an old one keeps its value. */
    boolean putIfNew(String key, JsonValue value) {
      if (built) {
        throw new IllegalStateException("the object is built already");
      }
      return collected.putIfAbsent(Objects.requireNonNull(key), Objects.requireNonNull(value))
          == null;
    }

    /** The object of what was added. */
    public JsonObject build() {
      built = true;
      return collected.isEmpty() ? EMPTY : new JsonObject(collected);
    }
  }
}
