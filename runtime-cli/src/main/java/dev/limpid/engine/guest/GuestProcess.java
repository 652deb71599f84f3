package dev.limpid.engine.guest;

import dev.limpid.engine.Journal;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.proto.Scheduling;

/**
 * A second process of a container in the guest.
 *
 * @param text the OCI process object that crun gets
 * @param scheduling what the agent has to do itself
 */
public record GuestProcess(String text, Scheduling scheduling) {

  /**
   * Translates a process.
   *
   * @param document its name in messages
   * @param process the process as the caller gave it, validated
   * @param journal told what was left out
   * @throws dev.limpid.oci.json.InvalidSpecException for what can't be had in a VM, naming the
   *     field
   */
  public static GuestProcess translate(String document, JsonObject process, Journal journal) {
    JsonCursor cursor = JsonCursor.root(document, process);
    UnsupportedFields.refuseInProcess(cursor);
    JsonObject translated =
        SchedulingTranslation.withoutScheduling(SecurityLabelTranslation.process(process, journal));
    return new GuestProcess(
        JsonWriter.compact().write(translated), SchedulingTranslation.of(cursor));
  }
}
