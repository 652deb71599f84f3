package dev.limpid.proto;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/**
 * Asks under which numbers the guest's kernel knows disks of the host.
 *
 * @param serials the disks' serial numbers; at most 16, each of 1 to 20 letters, digits, {@code -},
 *     {@code _} and {@code .}
 */
public record DisksRequest(List<String> serials) implements AgentRequest {
  private static final int DISKS_MAX = 16;
  private static final int SERIAL_MAX = 20;

  /** Linux keeps 12 bits of the major and 20 of the minor number. */
  private static final int MAJOR_MAX = (1 << 12) - 1;

  private static final int MINOR_MAX = (1 << 20) - 1;

  /** Checks the bounds and makes the list immutable. */
  public DisksRequest {
    serials = List.copyOf(serials);
    if (serials.size() > DISKS_MAX) {
      throw new IllegalArgumentException(
          serials.size() + " disks for one container: at most " + DISKS_MAX);
    }
    for (String serial : serials) {
      checkSerial(serial);
    }
  }

  @Override
  public String method() {
    return "disks";
  }

  @Override
  public JsonObject toJson() {
    return JsonObject.builder()
        .put("method", method())
        .put("serials", JsonArray.ofStrings(serials))
        .build();
  }

  /**
   * The numbers in the guest's answer, in the order of the serial numbers.
   *
   * @throws dev.limpid.oci.json.DocumentException if it is no answer to this request
   */
  public List<DiskNumbers> numbers(JsonObject result) {
    JsonCursor disks = JsonCursor.root("the guest's answer to disks", result).required("disks");
    List<DiskNumbers> numbers = new ArrayList<>(serials.size());
    for (JsonCursor disk : disks.elements()) {
      numbers.add(
          new DiskNumbers(
              (int) disk.required("major").asInteger(1, MAJOR_MAX),
              (int) disk.required("minor").asInteger(0, MINOR_MAX)));
    }
    if (numbers.size() != serials.size()) {
      throw disks.refused(numbers.size() + " disks, " + serials.size() + " were asked for");
    }
    return numbers;
  }

  private static void checkSerial(String serial) {
    boolean valid = !serial.isEmpty() && serial.length() <= SERIAL_MAX;
    for (int i = 0; i < serial.length(); i++) {
      char c = serial.charAt(i);
      valid &=
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || "-_.".indexOf(c) >= 0;
    }
    if (!valid) {
      throw new IllegalArgumentException("not a serial number: " + serial);
    }
  }
}
