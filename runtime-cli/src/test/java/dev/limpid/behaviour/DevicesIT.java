package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Device nodes, and who may use them. Block devices are loop devices that the test makes. */
final class DevicesIT extends Behaviour {
  private static final long MIB = 1 << 20;
  private static final List<String> SETS = List.of("bounding", "effective", "permitted");
  private static final String DENY_ALL = "{\"allow\": false, \"access\": \"rwm\"}";
  private static final String ALLOW_ALL = "{\"allow\": true, \"access\": \"rwm\"}";

  /** Adds to linux.devices. */
  private static UnaryOperator<JsonObject> devices(String... devices) {
    return linux -> linux.with("devices", Json.parse("[" + String.join(",", devices) + "]"));
  }

  /** Replaces linux.resources.devices. */
  private static UnaryOperator<JsonObject> rules(String... rules) {
    return linux ->
        linux.with(
            "resources",
            JsonObject.builder()
                .put("devices", (JsonArray) Json.parse("[" + String.join(",", rules) + "]"))
                .build());
  }

  private static String node(String path, String type, String numbers) {
    String[] two = numbers.split(":", -1);
    return "{\"path\": \"%s\", \"type\": \"%s\", \"major\": %s, \"minor\": %s}"
        .formatted(path, type, two[0], two[1]);
  }

  private static String allow(String type, String numbers, String access) {
    String[] two = numbers.split(":", -1);
    return "{\"allow\":true,\"type\":\"%s\",\"major\":%s,\"minor\":%s,\"access\":\"%s\"}"
        .formatted(type, two[0], two[1], access);
  }

  /** The numbers of a node of the host. */
  private static String numbers(String device) throws Exception {
    long rdev = ((Number) Files.getAttribute(Path.of(device), "unix:rdev")).longValue();
    return ((rdev >> 8) & 0xfff) + ":" + (rdev & 0xff);
  }

  private Outcome run(TestBundle bundle) throws Exception {
    return runtime().call("run", "--bundle", bundle.write().toString(), sandbox().id());
  }

  @Test
  void characterDevicesAreThereUnderAnyName() throws Exception {
    Outcome outcome =
        run(sandbox()
                .bundle()
                .linux(
                    devices(
                        node("/dev/my-zero", "c", "1:5"),
                        node("/dev/deep/down/null", "u", "1:3"),
                        node("/dev/my-full", "c", "1:7"),
                        node("/dev/my-random", "c", "1:9")))
                .script(
                    "head -c 3 /dev/my-zero | od -An -tx1",
                    "echo x > /dev/deep/down/null && wc -c < /dev/deep/down/null",
                    "echo x > /dev/my-full || echo full",
                    "head -c 100 /dev/my-random | wc -c"))
            .succeeded();
    assertEquals(" 00 00 00\n0\nfull\n100\n", outcome.out());
  }

  @Test
  void nodesHaveTheModeAndOwnerAskedFor() throws Exception {
    Outcome outcome =
        run(sandbox()
                .bundle()
                .linux(
                    devices(
                        "{\"path\":\"/dev/z\",\"type\":\"c\",\"major\":1,\"minor\":5,"
                            + "\"fileMode\":416,\"uid\":5,\"gid\":6}",
                        "{\"path\":\"/dev/p\",\"type\":\"p\",\"fileMode\":384}"))
                .script("stat -c '%n %F %a %u:%g' /dev/z /dev/p"))
            .succeeded();
    assertEquals("/dev/z character special file 640 5:6\n/dev/p fifo 600 0:0\n", outcome.out());
  }

  @Test
  void pipesCarryWhatIsWrittenToThem() throws Exception {
    Outcome outcome =
        run(sandbox()
                .bundle()
                .linux(devices("{\"path\": \"/dev/pipe\", \"type\": \"p\"}"))
                .script("echo through > /dev/pipe & cat /dev/pipe"))
            .succeeded();
    assertEquals("through\n", outcome.out());
  }

  @Test
  void rulesSayWhoMayOpenADevice() throws Exception {
    String fuse = node("/dev/fuse", "c", "10:229");
    TestBundle bundle =
        sandbox()
            .bundle()
            .linux(devices(fuse))
            .linux(rules(DENY_ALL))
            .script("(exec 3<>/dev/fuse) 2>&1 && echo opened");
    String denied = run(bundle).out();
    assertTrue(denied.contains("Operation not permitted"), denied);

    Outcome allowed = run(bundle.linux(rules(DENY_ALL, allow("c", "10:229", "rw")))).succeeded();
    assertEquals("opened\n", allowed.out());
  }

  @Test
  void whatIsWrittenToABlockDeviceIsThereOnTheHost() throws Exception {
    Path file = sandbox().path("disk");
    String device = sandbox().loopDevice(file, 4 * MIB);
    Files.writeString(Path.of(device), "from the host\n");
    Outcome outcome =
        run(sandbox()
                .bundle()
                .linux(devices(node("/dev/disk", "b", numbers(device))))
                .linux(rules(DENY_ALL, allow("b", numbers(device), "rw")))
                .script(
                    "head -n 1 /dev/disk",
                    "echo from inside | dd of=/dev/disk seek=1 bs=1M conv=notrunc 2>/dev/null",
                    "blockdev --getsize64 /dev/disk"))
            .succeeded();
    assertEquals("from the host\n" + 4 * MIB + "\n", outcome.out());
    assertEquals("from inside\n", read(Path.of(device), MIB, 12));
  }

  @Test
  void aFileSystemOnABlockDeviceIsWholeWhenTheContainerHasEnded() throws Exception {
    Path file = sandbox().path("disk");
    String device = sandbox().loopDevice(file, 16 * MIB);
    runtime().toEnd(new ProcessBuilder("mkfs.ext4", "-q", device)).succeeded();
    run(sandbox()
            .bundle()
            .linux(devices(node("/dev/disk", "b", numbers(device))))
            .linux(rules(DENY_ALL, allow("b", numbers(device), "rwm")))
            .capabilities(SETS, "CAP_SYS_ADMIN")
            .script(
                "mount -t ext4 /dev/disk /mnt",
                "mkdir /mnt/made",
                "yes written | head -c 3000000 > /mnt/made/file"))
        .succeeded();
    Path mounted = Files.createDirectory(sandbox().path("mounted"));
    sandbox()
        .hostCommand(
            List.of("mount", "-o", "ro", device, mounted.toString()),
            List.of("umount", mounted.toString()));
    byte[] content = Files.readAllBytes(mounted.resolve("made/file"));
    assertEquals(3_000_000, content.length);
    assertEquals("written\n".repeat(375_000), new String(content, StandardCharsets.US_ASCII));
  }

  @Test
  void aBlockDeviceThatMayOnlyBeReadIsNotWritten() throws Exception {
    Path file = sandbox().path("disk");
    String device = sandbox().loopDevice(file, MIB);
    Files.writeString(Path.of(device), "untouched\n");
    Outcome outcome =
        run(
            sandbox()
                .bundle()
                .linux(devices(node("/dev/disk", "b", numbers(device))))
                .linux(rules(DENY_ALL, allow("b", numbers(device), "r")))
                .script("head -n 1 /dev/disk", "echo x > /dev/disk"));
    assertEquals("untouched\n", outcome.out());
    assertEquals(1, outcome.status(), outcome::toString);
    assertTrue(outcome.err().contains("Operation not permitted"), outcome::toString);
    assertEquals("untouched\n", read(Path.of(device), 0, 10));
  }

  @Test
  @VmOnly
  void aBlockDeviceThatNoRuleAllowsIsRefused() throws Exception {
    String device = sandbox().loopDevice(sandbox().path("disk"), MIB);
    runtime()
        .refuses(
            "config.json: linux.devices[0].path: no rule of linux.resources.devices allows reading",
            "create",
            "--bundle",
            sandbox()
                .bundle()
                .linux(devices(node("/dev/disk", "b", numbers(device))))
                .linux(rules(DENY_ALL))
                .script("true")
                .write()
                .toString(),
            sandbox().id());
  }

  @Test
  @VmOnly
  void aDeviceThatIsFullIsAnErrorAndNotTheEnd() throws Exception {
    Path small = Files.createDirectory(sandbox().path("small"));
    sandbox()
        .hostCommand(
            List.of("mount", "-t", "tmpfs", "-o", "size=1m", "none", small.toString()),
            List.of("umount", small.toString()));
    String device = sandbox().loopDevice(small.resolve("disk"), 8 * MIB);
    Outcome outcome =
        run(sandbox()
                .bundle()
                .linux(devices(node("/dev/disk", "b", numbers(device))))
                .linux(rules(DENY_ALL, allow("b", numbers(device), "rw")))
                .script(
                    "dd if=/dev/zero of=/dev/disk bs=1M count=8 conv=fsync 2>&1 || echo failed"))
            .succeeded();
    assertTrue(outcome.out().contains("failed"), outcome::toString);
  }

  @Test
  void severalBlockDevicesAreToldApart() throws Exception {
    List<String> nodes = new ArrayList<>();
    List<String> rules = new ArrayList<>(List.of(DENY_ALL));
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      String device = sandbox().loopDevice(sandbox().path("disk"), MIB);
      Files.writeString(Path.of(device), "disk " + i + "\n");
      nodes.add(0, node("/dev/disk" + i, "b", numbers(device)));
      rules.add(allow("b", numbers(device), "r"));
      expected.add("disk " + i);
    }
    Outcome outcome =
        run(sandbox()
                .bundle()
                .linux(devices(nodes.toArray(new String[0])))
                .linux(rules(rules.toArray(new String[0])))
                .script("for i in 0 1 2; do head -n 1 /dev/disk$i; done"))
            .succeeded();
    assertEquals(expected, List.of(outcome.lines()));
  }

  @Test
  @VmOnly
  void aReadOnlyDiskIsReadOnlyForTheWholeMachine() throws Exception {
    String device = sandbox().loopDevice(sandbox().path("disk"), MIB);
    Outcome outcome =
        run(sandbox()
                .bundle()
                .linux(devices(node("/dev/disk", "b", numbers(device))))
                .linux(rules(DENY_ALL, allow("b", numbers(device), "rm")))
                .script("cat /sys/block/vda/ro"))
            .succeeded();
    assertEquals("1\n", outcome.out());
  }

  @Test
  @VmOnly
  void whatTheHostUsesIsNotWritten() throws Exception {
    String device = sandbox().loopDevice(sandbox().path("disk"), 4 * MIB);
    runtime().toEnd(new ProcessBuilder("mkfs.ext4", "-q", device)).succeeded();
    Path mounted = Files.createDirectory(sandbox().path("mounted"));
    sandbox()
        .hostCommand(
            List.of("mount", device, mounted.toString()), List.of("umount", mounted.toString()));
    TestBundle bundle =
        sandbox()
            .bundle()
            .linux(devices(node("/dev/disk", "b", numbers(device))))
            .linux(rules(DENY_ALL, allow("b", numbers(device), "rw")))
            .script("true");
    runtime()
        .refuses(
            device + " is in use: it is mounted, or another virtual machine's",
            "run",
            "--bundle",
            bundle.write().toString(),
            sandbox().id());
    // To read it harms nobody.
    run(bundle.linux(rules(DENY_ALL, allow("b", numbers(device), "r")))).succeeded();
  }

  @Test
  @VmOnly
  void devicesOfTheHostThatCannotBeHadAreRefused() throws Exception {
    for (String device :
        List.of(
            node("/dev/my-mem", "c", "1:1"),
            node("/dev/kvm", "c", "10:232"),
            node("/dev/no-disk", "b", "4000:77"))) {
      Path bundle = sandbox().bundle().linux(devices(device)).script("true").write();
      runtime()
          .refuses(
              "config.json: linux.devices[0].path: ",
              "create",
              "--bundle",
              bundle.toString(),
              sandbox().id());
    }
  }

  @Test
  @VmOnly
  void aPrivilegedContainerGetsTheDevicesOfItsMachine() throws Exception {
    List<JsonValue> all = new ArrayList<>();
    try (var nodes = Files.walk(Path.of("/dev"))) {
      for (Path node : nodes.filter(path -> !path.startsWith("/dev/pts")).toList()) {
        int type = (int) Files.getAttribute(node, "unix:mode", LinkOption.NOFOLLOW_LINKS) >> 12;
        if ((type == 2 || type == 6) && !node.endsWith("console")) {
          all.add(Json.parse(node(node.toString(), type == 2 ? "c" : "b", numbers(node + ""))));
        }
      }
    }
    sandbox().loopDevice(sandbox().path("disk"), MIB);
    Outcome outcome =
        run(sandbox()
                .bundle()
                .linux(linux -> linux.with("devices", new JsonArray(all)))
                .linux(rules(ALLOW_ALL))
                .capabilities(SETS, "CAP_SYS_ADMIN")
                .script(
                    "mount -t tmpfs none /mnt",
                    "head -c 1048576 /dev/zero > /mnt/image",
                    "losetup $(losetup -f) /mnt/image && echo attached",
                    "cat /sys/block/loop*/size",
                    "ls -d /sys/block/vd* 2>/dev/null",
                    "ls /dev/kvm /dev/tty0 /dev/vda 2>/dev/null",
                    "true"))
            .succeeded();
    assertEquals("attached\n2048\n", outcome.out());
  }

  @Test
  void aBlockDeviceIsFreeWhenItsContainerIsKilled() throws Exception {
    String device = sandbox().loopDevice(sandbox().path("disk"), MIB);
    Path bundle =
        sandbox()
            .bundle()
            .linux(devices(node("/dev/disk", "b", numbers(device))))
            .linux(rules(DENY_ALL, allow("b", numbers(device), "rw")))
            .script("sleep 1000")
            .write();
    String id = sandbox().id();
    runtime().createAndStart(id, bundle);
    runtime().call("delete", "--force", id).succeeded();
    runtime().toEnd(new ProcessBuilder("mkfs.ext4", "-q", device)).succeeded();
  }

  private static String read(Path device, long offset, int length) throws Exception {
    try (var in = Files.newInputStream(device)) {
      in.skipNBytes(offset);
      return new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }
  }
}
