package dev.limpid.config;

import dev.limpid.oci.json.JsonCursor;

/** Whether a VM is the clone of a template, or is booted. */
public enum TemplateUse {
  /** It is a clone, where that is possible; a template that is not there yet is made. */
  AUTO("auto"),
  /** It is booted. */
  NEVER("never");

  private final String word;

  TemplateUse(String word) {
    this.word = word;
  }

  /**
   * The one of this name.
   *
   * @throws dev.limpid.oci.json.InvalidSpecException naming those there are
   */
  public static TemplateUse of(JsonCursor member) {
    for (TemplateUse each : values()) {
      if (each.word.equals(member.asString())) {
        return each;
      }
    }
    throw member.invalid("must be auto or never");
  }
}
