package dev.limpid.engine.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonNumber;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.vm.network.NetworkState;
import dev.limpid.vm.network.TrafficRedirection;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The file network.json: what is not as it was written, then that it comes back. */
class NetworkRecordTest {
  private static final String MARK = "limpid-11111111-2222-3333-4444-555555555555";
  private static final NetworkRecord RECORD =
      new NetworkRecord(
          MARK,
          Optional.of(Path.of("/run/netns/pod")),
          2,
          true,
          Optional.of("32768\t60999"),
          List.of(
              new TrafficRedirection("eth0", 7, 1, true, false),
              new TrafficRedirection("eth1", 9, 31, false, true)),
          List.of(2, 30),
          NetworkState.EMPTY);

  @ParameterizedTest
  @ValueSource(longs = {-1, 0, 257})
  void queuesHaveARange(long queues) {
    JsonObject json = RECORD.toJson().with("queues", JsonNumber.of(queues));
    assertThrows(DocumentException.class, () -> parse(json));
  }

  @ParameterizedTest
  @ValueSource(strings = {"mark", "queues", "state"})
  void hasToBeWhole(String member) {
    JsonObject json = RECORD.toJson().without(member);
    assertThrows(DocumentException.class, () -> parse(json));
  }

  /** What tools are given is not taken from a file unseen. */
  @ParameterizedTest
  @CsvSource({"mark, limpid-1 name eth0", "mark, ''", "ports, 1 2", "ports, '1\t2\n'"})
  void wordsHaveTheirForm(String member, String text) {
    JsonObject json = RECORD.toJson().with(member, new JsonString(text));
    assertThrows(DocumentException.class, () -> parse(json));
  }

  @Test
  void everyoneHasAMarkOfItsOwn() {
    assertNotEquals(
        NetworkRecord.fresh(Optional.empty(), 1).mark(),
        NetworkRecord.fresh(Optional.empty(), 1).mark());
  }

  @Test
  void comesBackAsItWasWritten() {
    assertEquals(RECORD, parse(RECORD.toJson()));
  }

  @Test
  void comesBackWithoutAPath() {
    NetworkRecord record = NetworkRecord.fresh(Optional.empty(), 1);
    assertEquals(record, parse(record.toJson()));
  }

  private static NetworkRecord parse(JsonObject json) {
    return NetworkRecord.fromJson(JsonCursor.root("network.json", json));
  }
}
