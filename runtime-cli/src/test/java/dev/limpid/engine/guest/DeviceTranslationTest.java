package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.engine.Json;
import dev.limpid.engine.RecordingJournal;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.proto.DiskNumbers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a host has, what its guest gets of it, and under which numbers. */
class DeviceTranslationTest {
  private static final String SDA = "{'path':'/dev/disk','type':'b','major':8,'minor':0}";
  private static final String LOOP3 = "{'path':'/dev/loop3','type':'b','major':7,'minor':3}";
  private static final String NULL = "{'path':'/dev/my-null','type':'c','major':1,'minor':3}";
  private static final String KVM = "{'path':'/dev/kvm','type':'c','major':10,'minor':232}";
  private static final String EVERYTHING = "{'allow':true,'access':'rwm'}";
  private static final String BLOCKS = "{'allow':true,'type':'b'}";
  private static final String NOTHING = "{'allow':false,'access':'rwm'}";

  @TempDir private Path host;
  private final RecordingJournal journal = new RecordingJournal();

  /** A disk, one without a medium, a loop device with a file and one without. */
  @BeforeEach
  void hostHasDevices() throws IOException {
    addDevice("8:0", "sda", 2048);
    addDevice("11:0", "sr0", 0);
    addDevice("7:3", "loop3", 2048);
    addDevice("7:4", "loop4", 0);
  }

  private void addDevice(String numbers, String name, long sectors) throws IOException {
    Path directory = Files.createDirectories(host.resolve("sys").resolve(numbers));
    Files.writeString(directory.resolve("uevent"), "MAJOR=1\nDEVNAME=" + name + "\nDEVTYPE=disk\n");
    Files.writeString(directory.resolve("size"), sectors + "\n");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = ';',
      value = {
        KVM + ";a device of the host can't be reached from inside a virtual machine",
        "{'path':'/dev/mem','type':'u','major':1,'minor':1};"
            + "a device of the host can't be reached from inside a virtual machine",
        "{'path':'/dev/ttyS0','type':'c','major':4,'minor':64};"
            + "a device of the host can't be reached from inside a virtual machine",
        "{'path':'/dev/sdb','type':'b','major':8,'minor':16};the host has no block device 8:16",
        "{'path':'/dev/null','type':'b','major':1,'minor':3};the host has no block device 1:3",
        "{'path':'/dev/sr0','type':'b','major':11,'minor':0};the host's block device 11:0 is empty",
      })
  void refuses(String device, String problem) {
    InvalidSpecException e =
        assertThrows(InvalidSpecException.class, () -> translate(NULL + "," + device, ""));

    String path = JsonWriter.compact().write(Json.object(device).get("path").orElseThrow());
    assertEquals(
        "config.json: linux.devices[1].path: " + problem + ", found " + path, e.getMessage());
  }

  @Test
  void refusesMoreDisksThanThereIsRoomFor() throws IOException {
    List<String> devices = new ArrayList<>();
    for (int i = 0; i < 17; i++) {
      addDevice("259:" + i, "nvme0n" + i, 1);
      devices.add("{'path':'/dev/" + i + "','type':'b','major':259,'minor':" + i + "}");
    }
    assertEquals(16, translate(String.join(",", devices.subList(0, 16)), BLOCKS).disks().size());

    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class, () -> translate(String.join(",", devices), BLOCKS));

    assertEquals("linux.devices[16].path", e.path());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        NULL,
        "{'path':'/dev/zero','type':'c','major':1,'minor':5,'fileMode':438,'uid':1,'x':[1]}",
        "{'path':'/dev/kmsg','type':'c','major':1,'minor':11}",
        "{'path':'/dev/net/tun','type':'c','major':10,'minor':200}",
        "{'path':'/dev/fuse','type':'c','major':10,'minor':229}",
        "{'path':'/dev/loop-control','type':'c','major':10,'minor':237}",
        "{'path':'/run/pipe','type':'p'}",
        // Nothing is in them: the guest's are as good.
        "{'path':'/dev/loop4','type':'b','major':7,'minor':4}",
        "{'path':'/dev/loop200','type':'b','major':7,'minor':200}",
      })
  void whatTheGuestHasPassesUntouched(String device) {
    String linux = "{'devices':[" + device + "],'x':1}";

    assertEquals(Json.of(linux), apply(linux));
    assertEquals(List.of(), journal.records());
  }

  @Test
  void unbufferedCharacterDevicesGetTheOneNameThatCrunKnows() {
    assertEquals(
        Json.of("{'devices':[{'path':'/dev/zero','type':'c','major':1,'minor':5}]}"),
        apply("{'devices':[{'path':'/dev/zero','type':'u','major':1,'minor':5}]}"));
  }

  @Test
  void whatIsNotThereIsNotAdded() {
    assertEquals(Json.of("{'resources':{}}"), apply("{'resources':{}}"));
    assertEquals(Json.of("{}"), apply("{}"));
  }

  @Test
  void blockDevicesOfTheHostGetTheGuestsNumbers() {
    String again = SDA.replace("/dev/disk", "/dev/again");
    DeviceTranslation devices = translate(LOOP3 + "," + NULL + "," + SDA + "," + again, BLOCKS);

    assertEquals(
        List.of(
            new HostBlockDevice(host.resolve("dev/loop3"), 7, 3, false),
            new HostBlockDevice(host.resolve("dev/sda"), 8, 0, false)),
        devices.disks());
    JsonObject linux =
        devices.apply(
            Json.object("{'devices':[]}"),
            List.of(new DiskNumbers(254, 0), new DiskNumbers(254, 16)));
    assertEquals(
        Json.of(
            "{'devices':[{'path':'/dev/loop3','type':'b','major':254,'minor':0},"
                + NULL
                + ",{'path':'/dev/disk','type':'b','major':254,'minor':16}"
                + ",{'path':'/dev/again','type':'b','major':254,'minor':16}]}"),
        linux);
    assertThrows(IllegalArgumentException.class, () -> devices.apply(linux, List.of()));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = ';',
      value = {
        "{'allow':true,'type':'b','major':8,'minor':0,'access':'r'};true",
        "{'allow':true,'type':'b','major':8,'minor':0,'access':'rm'};true",
        "{'allow':true,'type':'b','major':8,'minor':0,'access':'rw'};false",
        "{'allow':true,'type':'b','major':8,'minor':0};false",
        "{'allow':true,'type':'b','major':8,'access':'w'};false",
        "{'allow':true,'type':'b','major':8,'minor':-1,'access':'w'};false",
        "{'allow':true,'type':'b','minor':0,'access':'w'};false",
        "{'allow':true,'type':'b','access':'w'};false",
        "{'allow':true,'type':'b','major':8,'minor':1,'access':'w'};true",
        "{'allow':true,'type':'c','major':8,'minor':0,'access':'w'};true",
        "{'allow':true,'type':'a','access':'w'};false",
        "{'allow':true,'type':'a','access':'r'};true",
        "{'allow':true},{'allow':false,'type':'b','major':8,'minor':0,'access':'w'};true",
        "{'allow':true},{'allow':false,'type':'b','major':8,'minor':1,'access':'w'};false",
      })
  void diskIsReadOnlyUnlessTheRulesAllowToWrite(String rules, boolean readOnly) {
    String readable = NOTHING + ",{'allow':true,'type':'b','access':'r'}";

    assertEquals(readOnly, translate(SDA, readable + "," + rules).disks().get(0).readOnly(), rules);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        NOTHING,
        "{'allow':false},{'allow':true,'type':'b','major':8,'minor':1,'access':'rw'}",
        "{'allow':false},{'allow':true,'type':'c','major':8,'minor':0,'access':'rw'}",
        "{'allow':true,'type':'b','major':8,'minor':0,'access':'w'}",
        "{'allow':true,'type':'b','major':8,'minor':0,'access':'m'}",
        "{'allow':true},{'allow':false,'type':'b','major':8,'minor':0,'access':'r'}",
      })
  void aDiskThatMayNotBeReadIsNone(String rules) {
    InvalidSpecException e = assertThrows(InvalidSpecException.class, () -> translate(SDA, rules));

    assertEquals(
        "config.json: linux.devices[0].path: no rule of linux.resources.devices allows reading the"
            + " host's block device 8:0, found \"/dev/disk\"",
        e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = ';',
      value = {
        // kept as they are
        "{'allow':false};{'allow':false}",
        "{'allow':true,'type':'a','access':'r'};{'allow':true,'type':'a','access':'r'}",
        "{'allow':true,'type':'b','access':'m'};{'allow':true,'type':'b','access':'m'}",
        "{'allow':true,'type':'c','major':1,'minor':3};{'allow':true,'type':'c','major':1,'minor':3}",
        "{'allow':true,'type':'c','major':136,'minor':-1};"
            + "{'allow':true,'type':'c','major':136,'minor':-1}",
        "{'allow':true,'type':'b','major':7,'minor':9};{'allow':true,'type':'b','major':7,'minor':9}",
        // about a disk
        "{'allow':true,'type':'b','major':8,'minor':0,'x':1};"
            + "{'allow':true,'type':'b','major':254,'minor':16,'x':1}",
        "{'allow':true,'type':'b','major':8,'minor':-1};"
            + "{'allow':true,'type':'b','major':254,'minor':16}",
        "{'allow':true,'type':'b','major':8};{'allow':true,'type':'b','major':254,'minor':16}",
        "{'allow':true,'type':'b','major':7,'minor':3};"
            + "{'allow':true,'type':'b','major':7,'minor':3},"
            + "{'allow':true,'type':'b','major':254,'minor':0}",
        // about nothing of the guest, though it may have other devices of these numbers
        "{'allow':true,'type':'b','major':254,'minor':0};''",
        "{'allow':true,'type':'b','major':8,'minor':1};''",
        "{'allow':true,'type':'b','major':259};''",
        "{'allow':true,'type':'c','major':251,'minor':1};''",
        "{'allow':true,'type':'c','major':511};''",
      })
  void rulesAreAboutTheSameDevicesInTheGuest(String rule, String expected) {
    String readable = "{'allow':true,'type':'b','access':'r'}";
    JsonObject linux = linux(LOOP3 + "," + SDA, rule + "," + readable);

    JsonObject guest =
        DeviceTranslation.of(JsonCursor.root("linux", linux), devices(), journal)
            .apply(linux, List.of(new DiskNumbers(254, 0), new DiskNumbers(254, 16)));

    boolean leftOut = expected.equals("''");
    assertEquals(
        Json.of("[" + (leftOut ? "" : expected + ",") + readable + "]"),
        JsonCursor.root("guest", guest).required("resources").required("devices").value());
    assertEquals(leftOut ? 1 : 0, journal.records().size(), journal.records()::toString);
  }

  @Test
  void privilegedContainersKeepWhatTheGuestHas() {
    String all = KVM + "," + NULL + "," + SDA + "," + LOOP3 + ",{'path':'/p','type':'p'}";

    DeviceTranslation devices = translate(all, EVERYTHING);

    assertEquals(List.of(), devices.disks());
    assertEquals(
        Json.of("{'devices':[" + NULL + "," + LOOP3 + ",{'path':'/p','type':'p'}]}"),
        devices.apply(Json.object("{'devices':[]}"), List.of()));
    assertEquals(1, journal.records().size(), journal.records()::toString);
    assertTrue(
        journal.records().get(0).startsWith("debug: linux.devices: 2 left out"),
        journal.records()::toString);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{'allow':true,'access':'rw'}",
        "{'allow':true,'type':'c','access':'rwm'}",
        EVERYTHING + "," + "{'allow':false,'type':'c','major':10,'minor':232}",
      })
  void containersWithLessThanEverythingAreNotPrivileged(String rules) {
    assertThrows(InvalidSpecException.class, () -> translate(KVM, rules));
  }

  private BlockDevices devices() {
    return new BlockDevices(host.resolve("sys"), host.resolve("dev"));
  }

  private static JsonObject linux(String devices, String rules) {
    return Json.object("{'devices':[" + devices + "],'resources':{'devices':[" + rules + "]}}");
  }

  private DeviceTranslation translate(String devices, String rules) {
    JsonCursor config = Json.config("{}");
    JsonObject document = config.asObject().with("linux", linux(devices, rules));
    return DeviceTranslation.of(
        JsonCursor.root("config.json", document).required("linux"), devices(), journal);
  }

  private JsonObject apply(String text) {
    JsonObject linux = Json.object(text);
    return DeviceTranslation.of(JsonCursor.root("linux", linux), devices(), journal)
        .apply(linux, List.of());
  }
}
