package dev.limpid.proto;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.QuotedText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What a mount of a container becomes when crun has made it.
 *
 * @param target where it is in the container; an absolute path
 * @param attributes what it becomes; at least one of {@link #PROPAGATIONS} or {@link
 *     Attribute#NOSYMFOLLOW}, and at most one of the former
 */
public record MountAttributes(String target, Set<Attribute> attributes) {
  /** What a mount can become. */
  public enum Attribute {
    /** Symbolic links in it are not followed. */
    NOSYMFOLLOW,
    /** What is mounted below it is seen by nobody else. */
    PRIVATE,
    /** It shares what is mounted below it with its copies. */
    SHARED,
    /** It gets what is mounted below the one that it is a copy of, and gives nothing back. */
    SLAVE,
    /** It can't be copied. */
    UNBINDABLE,
    /** So does what is mounted below it. */
    REC;

    /** The word in the protocol, for example {@code shared}. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Those that exclude each other. */
  public static final Set<Attribute> PROPAGATIONS =
      Collections.unmodifiableSet(
          EnumSet.of(Attribute.PRIVATE, Attribute.SHARED, Attribute.SLAVE, Attribute.UNBINDABLE));

  /** How many a container can have. */
  public static final int COUNT_MAX = 4096;

  private static final int PATH_MAX = 4095;

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException naming what is out of them
   */
  public MountAttributes {
    EnumSet<Attribute> copy = EnumSet.noneOf(Attribute.class);
    copy.addAll(attributes);
    attributes = Collections.unmodifiableSet(copy);
    if (!target.startsWith("/")
        || target.indexOf('\0') >= 0
        || target.getBytes(StandardCharsets.UTF_8).length > PATH_MAX) {
      throw new IllegalArgumentException(QuotedText.of(target) + " is not an absolute path");
    }
    EnumSet<Attribute> propagations = EnumSet.copyOf(PROPAGATIONS);
    propagations.retainAll(copy);
    if (propagations.size() > 1
        || (propagations.isEmpty() && !copy.contains(Attribute.NOSYMFOLLOW))) {
      throw new IllegalArgumentException(copy + ": not what a mount can become");
    }
  }

  JsonObject toJson() {
    List<String> words = new ArrayList<>(attributes.size());
    for (Attribute attribute : attributes) {
      words.add(attribute.word());
    }
    return JsonObject.builder()
        .put("target", target)
        .put("flags", JsonArray.ofStrings(words))
        .build();
  }
}
