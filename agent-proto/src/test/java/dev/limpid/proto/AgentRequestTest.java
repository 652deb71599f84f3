package dev.limpid.proto;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.proto.MountAttributes.Attribute;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The requests but for their mounts: bad values first, then the JSON that the agent gets. */
class AgentRequestTest {
  private static final Scheduling SCHEDULING =
      new Scheduling(
          Optional.of(new Scheduling.SchedulerAttributes(6, 0x7f, -20, 99, 1, 2, Long.MAX_VALUE)),
          Optional.of(new Scheduling.IoPriorityAttributes(3, 7)));

  private static final String SCHEDULING_JSON =
      "\"scheduler\":{\"policy\":6,\"flags\":127,\"nice\":-20,\"priority\":99,"
          + "\"runtime\":1,\"deadline\":2,\"period\":9223372036854775807},"
          + "\"ioPriority\":{\"class\":3,\"priority\":7}";

  private static final Instant NOW = Instant.ofEpochSecond(1_700_000_000L);

  // prepare

  @Test
  void prepareRefusesATimeBefore1970() {
    Instant before = Instant.EPOCH.minusNanos(1);
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new PrepareRequest(
                before, Requests.entropy(), List.of(), List.of(), Optional.empty(), false));
  }

  @Test
  void prepareRefusesTooManyMounts() {
    List<GuestMount> mounts = Collections.nCopies(1025, Requests.LAYER);
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new PrepareRequest(
                NOW, Requests.entropy(), mounts, List.of(), Optional.empty(), false));
  }

  @Test
  void prepareRefusesTooManyPathsToFlush() {
    List<String> sync = Collections.nCopies(65, "/run/limpid/a");
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new PrepareRequest(NOW, Requests.entropy(), List.of(), sync, Optional.empty(), false));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/", "/run/limpid", "/run/limpid/../a", "run/limpid/a", "/etc"})
  void prepareRefusesPathsElsewhereToFlush(String path) {
    List<String> sync = List.of("/run/limpid/good", path);
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new PrepareRequest(NOW, Requests.entropy(), List.of(), sync, Optional.empty(), false));
  }

  @Test
  void prepareTakesWhatIsAtTheBounds() {
    PrepareRequest request =
        new PrepareRequest(
            Instant.EPOCH,
            Requests.entropy(),
            Collections.nCopies(1024, Requests.LAYER),
            Collections.nCopies(64, "/run/limpid/a"),
            Optional.empty(),
            false);
    assertEquals(1024, request.mounts().size());
    assertEquals(64, request.sync().size());
    assertTrue(request.toJson().toString().contains("{\"seconds\":0,\"nanoseconds\":0}"));
  }

  @Test
  void prepareSaysWhatFillsAnUpperLayer() {
    GuestMount disk =
        new GuestMount("ext4", "disk:limpid-upper", "/run/limpid/upper", Set.of(), "");
    GuestUpper upper =
        new GuestUpper(
            "/run/limpid/upper", "/run/limpid/share/a", Optional.of("/run/limpid/b"), false);
    String json =
        new PrepareRequest(
                NOW, Requests.entropy(), List.of(disk), List.of(), Optional.of(upper), false)
            .toJson()
            .toString();
    assertTrue(
        json.endsWith(
            ",\"upper\":{\"target\":\"/run/limpid/upper\",\"source\":\"/run/limpid/share/a\","
                + "\"aside\":\"/run/limpid/b\"}}"),
        json);
    assertEquals(
        "{\"target\":\"/run/limpid/a\",\"source\":\"/run/limpid/b\",\"attributesAlone\":true}",
        new GuestUpper("/run/limpid/a", "/run/limpid/b", Optional.empty(), true)
            .toJson()
            .toString());
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new PrepareRequest(
                NOW, Requests.entropy(), List.of(), List.of(), Optional.of(upper), false));
    for (String path : List.of("", "/etc", "/run/limpid/../a")) {
      Optional<String> good = Optional.of("/run/limpid/a");
      assertThrows(
          IllegalArgumentException.class, () -> new GuestUpper(path, "/run/limpid/a", good, false));
      assertThrows(
          IllegalArgumentException.class, () -> new GuestUpper("/run/limpid/a", path, good, false));
      assertThrows(
          IllegalArgumentException.class,
          () -> new GuestUpper("/run/limpid/a", "/run/limpid/b", Optional.of(path), false));
      assertThrows(
          IllegalArgumentException.class,
          () -> new GuestUpper("/run/limpid/a", "/run/limpid/b", good, true));
    }
  }

  @Test
  void prepareKeepsCopies() {
    List<GuestMount> mounts = new ArrayList<>(List.of(Requests.LAYER));
    List<String> sync = new ArrayList<>(List.of("/run/limpid/a"));
    PrepareRequest request =
        new PrepareRequest(NOW, Requests.entropy(), mounts, sync, Optional.empty(), false);
    mounts.clear();
    sync.set(0, "/etc");
    assertEquals(List.of(Requests.LAYER), request.mounts());
    assertEquals(List.of("/run/limpid/a"), request.sync());
  }

  @Test
  void prepareAsJson() {
    PrepareRequest request = Requests.prepare();
    assertEquals("prepare", request.method());
    assertEquals(
        "{\"method\":\"prepare\","
            + "\"clock\":{\"seconds\":1700000000,\"nanoseconds\":999999999},"
            + "\"entropy\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
            + "\"mounts\":["
            + "{\"type\":\"erofs\",\"source\":\"layer:01234567-89ab-cdef-0123-456789abcdef\","
            + "\"target\":\"/run/limpid/layers/0\",\"flags\":[\"ro\",\"nodev\"],\"data\":\"\"},"
            + "{\"type\":\"bind\",\"source\":\"/run/limpid/a\","
            + "\"target\":\"/run/limpid/b\",\"flags\":[\"bind\",\"rec\"],\"data\":\"\"}],"
            + "\"sync\":[\"/run/limpid/upper\"]}",
        request.toJson().toString());
  }

  @Test
  void prepareHidesItsEntropyFromMessages() {
    assertFalse(Requests.prepare().toString().contains("AAAA"));
    assertEquals("Entropy", Requests.entropy().toString());
  }

  // disks

  @ParameterizedTest
  @ValueSource(strings = {"", "a/b", "a b", "é", "a\n", "123456789012345678901"})
  void disksRefuseSerialNumbers(String serial) {
    assertThrows(IllegalArgumentException.class, () -> new DisksRequest(List.of("a", serial)));
  }

  @Test
  void disksRefuseTooMany() {
    List<String> serials = Collections.nCopies(17, "a");
    assertThrows(IllegalArgumentException.class, () -> new DisksRequest(serials));
  }

  @Test
  void disksAsJson() {
    assertEquals(
        "{\"method\":\"disks\",\"serials\":[\"limpid-disk-0\",\"A_b.c\"]}",
        new DisksRequest(List.of("limpid-disk-0", "A_b.c")).toJson().toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"disks\":{}}",
        "{\"disks\":[]}",
        "{\"disks\":[1]}",
        "{\"disks\":[{\"major\":254}]}",
        "{\"disks\":[{\"major\":0,\"minor\":0}]}",
        "{\"disks\":[{\"major\":4096,\"minor\":0}]}",
        "{\"disks\":[{\"major\":254,\"minor\":-1}]}",
        "{\"disks\":[{\"major\":254,\"minor\":1048576}]}",
        "{\"disks\":[{\"major\":\"254\",\"minor\":0}]}",
        "{\"disks\":[{\"major\":254,\"minor\":0},{\"major\":254,\"minor\":16}]}"
      })
  void answersThatAreNoneToDisksAreRefused(String answer) {
    DisksRequest request = new DisksRequest(List.of("a"));
    JsonObject result = (JsonObject) new JsonReader("answer").parse(answer.getBytes(UTF_8));
    assertThrows(DocumentException.class, () -> request.numbers(result));
  }

  @Test
  void numbersOfDisksComeInTheirOrder() {
    String answer = "{\"disks\":[{\"major\":4095,\"minor\":1048575},{\"major\":1,\"minor\":0}]}";
    assertEquals(
        List.of(new DiskNumbers(4095, 1048575), new DiskNumbers(1, 0)),
        new DisksRequest(List.of("a", "b"))
            .numbers((JsonObject) new JsonReader("answer").parse(answer.getBytes(UTF_8))));
  }

  // entropy

  static List<String> badEntropy() {
    return List.of(
        "",
        base64(31),
        base64(513),
        base64(4096),
        // 32 bytes without the padding, with a line break, in the alphabet for URLs, with bits
        // behind the last byte: the agent takes none of these
        base64(32).replace("=", ""),
        base64(48) + "\n",
        "-".repeat(64),
        "A".repeat(42) + "B=",
        "A".repeat(63) + "é");
  }

  @ParameterizedTest
  @MethodSource("badEntropy")
  void entropyRefuses(String base64) {
    assertThrows(IllegalArgumentException.class, () -> new Entropy(base64));
  }

  @ParameterizedTest
  @ValueSource(ints = {32, 33, 34, 64, 511, 512})
  void entropyTakes(int size) {
    assertEquals(base64(size), new Entropy(base64(size)).base64());
    assertEquals(base64(size), Entropy.of(new byte[size]).base64());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 31, 513})
  void entropyRefusesBytes(int size) {
    assertThrows(IllegalArgumentException.class, () -> Entropy.of(new byte[size]));
  }

  @Test
  void entropyOfTheHostIsNeverTheSame() throws IOException {
    Entropy first = Entropy.fromHost();
    assertEquals(64, Base64.getDecoder().decode(first.base64()).length);
    assertFalse(first.equals(Entropy.fromHost()));
  }

  // create

  @ParameterizedTest
  @CsvSource({"-1, 1", "1, -1", "65536, 1", "1, 65536"})
  void terminalRefuses(int rows, int columns) {
    assertThrows(IllegalArgumentException.class, () -> new TerminalSize(rows, columns));
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "24, 80", "65535, 65535"})
  void createWithATerminalAsJson(int rows, int columns) {
    CreateRequest request =
        new CreateRequest("{\"a\": \"é\"}", Optional.of(new TerminalSize(rows, columns)));
    assertEquals("create", request.method());
    assertEquals(
        "{\"method\":\"create\",\"config\":\"{\\\"a\\\": \\\"é\\\"}\",\"rows\":"
            + rows
            + ",\"columns\":"
            + columns
            + "}",
        request.toJson().toString());
  }

  @Test
  void createWithoutATerminalAsJson() {
    assertEquals(
        "{\"method\":\"create\",\"config\":\"{}\"}",
        new CreateRequest("{}", Optional.empty()).toJson().toString());
  }

  @Test
  void createWithSettingsAsJson() {
    ContainerSettings settings =
        new ContainerSettings(
            List.of(new GuestSysctl("vm/swappiness", "1"), new GuestSysctl("a:b/c-d.e", "")),
            List.of(
                new MountAttributes(
                    "/a/../b", EnumSet.of(Attribute.REC, Attribute.SHARED, Attribute.NOSYMFOLLOW))),
            Optional.of(
                new TimeOffsets(new TimeOffsets.Offset(-1, 999_999_999), TimeOffsets.Offset.NONE)),
            SCHEDULING,
            List.of(
                new GuestSocket("/run/limpid/sockets/0", 0660, 0, 0xfffffffeL),
                new GuestSocket("/run/limpid/x", 0, 1, 2)));
    assertEquals(
        "{\"method\":\"create\",\"config\":\"{}\","
            + "\"sysctls\":[{\"name\":\"vm/swappiness\",\"value\":\"1\"},"
            + "{\"name\":\"a:b/c-d.e\",\"value\":\"\"}],"
            + "\"mountAttributes\":[{\"target\":\"/a/../b\","
            + "\"flags\":[\"nosymfollow\",\"shared\",\"rec\"]}],"
            + "\"sockets\":[{\"path\":\"/run/limpid/sockets/0\",\"mode\":432,\"uid\":0,"
            + "\"gid\":4294967294},"
            + "{\"path\":\"/run/limpid/x\",\"mode\":0,\"uid\":1,\"gid\":2}],"
            + "\"timeOffsets\":{\"monotonic\":{\"seconds\":-1,\"nanoseconds\":999999999},"
            + "\"boottime\":{\"seconds\":0,\"nanoseconds\":0}},"
            + SCHEDULING_JSON
            + "}",
        new CreateRequest("{}", Optional.empty(), settings).toJson().toString());
  }

  @Test
  void execAsJson() {
    assertEquals(
        "{\"method\":\"exec\",\"process\":\"{}\"," + SCHEDULING_JSON + "}",
        new ExecRequest("{}", Optional.empty(), SCHEDULING).toJson().toString());
    assertEquals(
        "{\"method\":\"exec\",\"process\":\"{}\",\"rows\":1,\"columns\":2}",
        new ExecRequest("{}", Optional.of(new TerminalSize(1, 2)), Scheduling.USUAL)
            .toJson()
            .toString());
  }

  // what crun does not know of

  @ParameterizedTest
  @ValueSource(strings = {"", "/", "/vm", "vm/", "vm//x", "vm/../x", ".", "vm/x y", "vm/é"})
  void sysctlRefuses(String name) {
    assertThrows(IllegalArgumentException.class, () -> new GuestSysctl(name, "1"));
  }

  @ParameterizedTest
  @CsvSource({
    "/run/limpid,          0,    0, 0",
    "/run/limpid/../x,     0,    0, 0",
    "/x,                   0,    0, 0",
    "/run/limpid/sockets/, 0,    0, 0",
    "/run/limpid/x,        -1,   0, 0",
    "/run/limpid/x,        512,  0, 0",
    "/run/limpid/x,        0,    -1, 0",
    "/run/limpid/x,        0,    0, 4294967295",
  })
  void socketRefuses(String path, int mode, long uid, long gid) {
    assertThrows(IllegalArgumentException.class, () -> new GuestSocket(path, mode, uid, gid));
  }

  @Test
  void socketsAreBounded() {
    List<GuestSocket> most = Collections.nCopies(64, new GuestSocket("/run/limpid/x", 0, 0, 0));
    List<GuestSocket> more = Collections.nCopies(65, new GuestSocket("/run/limpid/x", 0, 0, 0));
    assertEquals(
        64,
        new ContainerSettings(List.of(), List.of(), Optional.empty(), Scheduling.USUAL, most)
            .sockets()
            .size());
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new ContainerSettings(List.of(), List.of(), Optional.empty(), Scheduling.USUAL, more));
  }

  @Test
  void sysctlIsBounded() {
    String longest = "é".repeat(2047) + "x";
    assertEquals(longest, new GuestSysctl("a".repeat(255), longest).value());
    assertThrows(IllegalArgumentException.class, () -> new GuestSysctl("a".repeat(256), ""));
    assertThrows(IllegalArgumentException.class, () -> new GuestSysctl("a", longest + "x"));
    assertThrows(IllegalArgumentException.class, () -> new GuestSysctl("a", "\0"));
    List<GuestSysctl> many = Collections.nCopies(257, new GuestSysctl("a", ""));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new ContainerSettings(many, List.of(), Optional.empty(), Scheduling.USUAL, List.of()));
  }

  @Test
  void mountAttributesAreBounded() {
    Set<Attribute> shared = EnumSet.of(Attribute.SHARED);
    for (String target : List.of("", "a", "/a\0b", "/" + "a".repeat(4095))) {
      assertThrows(IllegalArgumentException.class, () -> new MountAttributes(target, shared));
    }
    for (Set<Attribute> wrong :
        List.of(
            EnumSet.noneOf(Attribute.class),
            EnumSet.of(Attribute.REC),
            EnumSet.of(Attribute.SHARED, Attribute.SLAVE))) {
      assertThrows(IllegalArgumentException.class, () -> new MountAttributes("/a", wrong));
    }
    List<MountAttributes> many = Collections.nCopies(4097, new MountAttributes("/a", shared));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new ContainerSettings(List.of(), many, Optional.empty(), Scheduling.USUAL, List.of()));
  }

  @ParameterizedTest
  @CsvSource({
    "-1,0,0,0,0",
    "7,0,0,0,0",
    "0,-1,0,0,0",
    "0,128,0,0,0",
    "0,0,-21,0,0",
    "0,0,20,0,0",
    "0,0,0,-1,0",
    "0,0,0,100,0",
    "0,0,0,0,-1"
  })
  void schedulerRefuses(int policy, int flags, int nice, int priority, long time) {
    assertThrows(
        IllegalArgumentException.class,
        () -> new Scheduling.SchedulerAttributes(policy, flags, nice, priority, time, time, time));
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "4, 0", "1, -1", "1, 8"})
  void ioPriorityRefuses(int ioClass, int priority) {
    assertThrows(
        IllegalArgumentException.class,
        () -> new Scheduling.IoPriorityAttributes(ioClass, priority));
  }

  // join, and requests about what has joined

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 32, Integer.MAX_VALUE})
  void containersInAGuestHaveNumbers(int container) {
    CreateRequest create = new CreateRequest("{}", Optional.empty(), ContainerSettings.NONE);
    assertThrows(
        IllegalArgumentException.class,
        () -> new JoinRequest(container, List.of(), List.of(), create));
    assertThrows(
        IllegalArgumentException.class, () -> new InContainer(container, new StartRequest()));
  }

  @Test
  void joinRefusesWhatPrepareDoes() {
    CreateRequest create = new CreateRequest("{}", Optional.empty(), ContainerSettings.NONE);
    List<GuestMount> mounts = Collections.nCopies(1025, Requests.LAYER);
    List<String> sync = List.of("/etc");
    assertThrows(
        IllegalArgumentException.class, () -> new JoinRequest(1, mounts, List.of(), create));
    assertThrows(IllegalArgumentException.class, () -> new JoinRequest(1, List.of(), sync, create));
  }

  @Test
  void joinAsJson() {
    JoinRequest request =
        new JoinRequest(
            31,
            List.of(GuestMount.bind("/run/limpid/a", "/run/limpid/b")),
            List.of("/run/limpid/b"),
            new CreateRequest("{}", Optional.of(new TerminalSize(3, 4)), ContainerSettings.NONE));
    assertEquals("join", request.method());
    assertEquals(
        "{\"method\":\"join\",\"config\":\"{}\",\"rows\":3,\"columns\":4,\"container\":31,"
            + "\"mounts\":[{\"type\":\"bind\",\"source\":\"/run/limpid/a\","
            + "\"target\":\"/run/limpid/b\",\"flags\":[\"bind\"],\"data\":\"\"}],"
            + "\"sync\":[\"/run/limpid/b\"]}",
        request.toJson().toString());
  }

  @Test
  void requestsNameTheirContainer() {
    InContainer request = new InContainer(2, new KillRequest(9, false));
    assertEquals("kill", request.method());
    assertEquals("{\"method\":\"kill\",\"signal\":9,\"container\":2}", request.toJson().toString());
  }

  // start, kill

  @Test
  void startAsJson() {
    assertEquals("start", new StartRequest().method());
    assertEquals("{\"method\":\"start\"}", new StartRequest().toJson().toString());
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 65, 128, Integer.MAX_VALUE})
  void killRefuses(int signal) {
    assertThrows(IllegalArgumentException.class, () -> new KillRequest(signal, false));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        " 1 | false | {\"method\":\"kill\",\"signal\":1}",
        "64 | false | {\"method\":\"kill\",\"signal\":64}",
        " 9 | true  | {\"method\":\"kill\",\"signal\":9,\"all\":true}"
      })
  void killAsJson(int signal, boolean all, String json) {
    KillRequest request = new KillRequest(signal, all);
    assertEquals("kill", request.method());
    assertEquals(json, request.toJson().toString());
  }

  // network

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void networkRefusesTooMuchText(int which) {
    String[] texts = {"", "", "", "", ""};
    texts[which] = "x".repeat((256 << 10) + 1);
    assertThrows(IllegalArgumentException.class, () -> network(texts, List.of(), List.of(), false));
  }

  @Test
  void networkRefusesTooManyDevices() {
    String[] texts = {"", "", "", "", ""};
    List<GuestNic> nics = Collections.nCopies(32, new GuestNic(1, "eth0"));
    assertThrows(IllegalArgumentException.class, () -> network(texts, nics, List.of(), false));
  }

  @ParameterizedTest
  @CsvSource({"0, eth0", "32, eth0", "1, ''", "1, sixteencharacter"})
  void networkRefusesADevice(int slot, String name) {
    assertThrows(IllegalArgumentException.class, () -> new GuestNic(slot, name));
  }

  @Test
  void networkLeavesOutWhatIsEmpty() {
    String[] texts = {"", "", "", "", ""};
    assertEquals(
        "{\"method\":\"network\",\"resolver\":false}",
        network(texts, List.of(), List.of(), false).toJson().toString());
  }

  @Test
  void networkTellsAll() {
    String[] texts = {"rule del\n", "addr del\n", "link set\n", "addr add\n", "rule add\n"};
    assertEquals(
        "{\"method\":\"network\",\"undo6\":\"rule del\\n\",\"undo\":\"addr del\\n\","
            + "\"nics\":[{\"slot\":3,\"name\":\"eth0\"}],\"links\":\"link set\\n\","
            + "\"sysctls\":[{\"name\":\"net/core/somaxconn\",\"value\":\"7\"}],"
            + "\"configuration\":\"addr add\\n\",\"configuration6\":\"rule add\\n\",\"resolver\":true}",
        network(
                texts,
                List.of(new GuestNic(3, "eth0")),
                List.of(new GuestSysctl("net/core/somaxconn", "7")),
                true)
            .toJson()
            .toString());
  }

  private static NetworkRequest network(
      String[] texts, List<GuestNic> nics, List<GuestSysctl> sysctls, boolean resolver) {
    return new NetworkRequest(
        texts[0], texts[1], nics, texts[2], sysctls, texts[3], texts[4], resolver);
  }

  private static String base64(int size) {
    return Base64.getEncoder().encodeToString(new byte[size]);
  }
}
