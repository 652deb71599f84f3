package dev.limpid.engine.guest;

import dev.limpid.engine.Journal;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonWriter;

/** The OCI process object that crun gets in the guest for a second process of a container. */
public final class GuestProcess {
  private GuestProcess() {}

  /**
   * Translates a process.
   *
   * @param document its name in messages
   * @param process the process as the caller gave it, validated
   * @param journal told what was left out
   * @return the text for crun
   * @throws dev.limpid.oci.json.InvalidSpecException for what can't be had in a VM, naming the
   *     field
   */
  public static String translate(String document, JsonObject process, Journal journal) {
    UnsupportedFields.refuseInProcess(JsonCursor.root(document, process));
    return JsonWriter.compact().write(SecurityLabelTranslation.process(process, journal));
  }
}
