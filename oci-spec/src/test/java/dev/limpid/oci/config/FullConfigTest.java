package dev.limpid.oci.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.json.JsonWriter;
import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The document in which everything is set arrives in the records, each value in its place. */
class FullConfigTest {
  /** The members of linux.seccomp, whose rules are checked and not typed (config-linux.md). */
  private static final Set<String> SECCOMP_PATHS =
      Set.of(
          "defaultAction",
          "defaultErrnoRet",
          "architectures",
          "flags",
          "listenerPath",
          "listenerMetadata",
          "syscalls",
          "syscalls[0].names",
          "syscalls[0].action",
          "syscalls[0].errnoRet",
          "syscalls[0].args",
          "syscalls[0].args[0].index",
          "syscalls[0].args[0].value",
          "syscalls[0].args[0].valueTwo",
          "syscalls[0].args[0].op");

  /** Objects whose members are entries of a map and not fields. */
  private static final Set<String> MAPS =
      Set.of(
          "annotations",
          "linux.sysctl",
          "linux.timeOffsets",
          "linux.resources.rdma",
          "linux.resources.unified");

  private static final ParsedConfig PARSED =
      ConfigParser.parse("config.json", TestDocuments.full());
  private static final Config CONFIG = PARSED.config();
  private static final ContainerProcess PROCESS = CONFIG.process();
  private static final Linux LINUX = CONFIG.linux();
  private static final Resources RESOURCES = LINUX.resources();

  @Test
  void everyComponentOfEveryRecordIsFilled() {
    Map<String, Boolean> components = new TreeMap<>();
    collect(PARSED, components);

    Set<String> unfilled = new TreeSet<>();
    components.forEach(
        (name, filled) -> {
          if (!filled) {
            unfilled.add(name);
          }
        });
    assertEquals(Set.of("ParsedConfig.warnings"), unfilled, "absent from full-config.json");
  }

  @Test
  void everyMemberOfTheSystemCallFilterIsFilled() {
    JsonObject seccomp = LINUX.seccomp().orElseThrow().raw();
    Set<String> paths = new HashSet<>();
    for (JsonCursor place : TestDocuments.places(seccomp)) {
      if (!place.key().isEmpty()) {
        paths.add(place.path());
      }
    }
    assertEquals(SECCOMP_PATHS, paths);
  }

  @Test
  void nothingIsWarnedOf() {
    assertEquals(List.of(), PARSED.warnings());
  }

  @Test
  void topLevel() {
    assertEquals("1.2.0", CONFIG.ociVersion());
    assertEquals(new Root("rootfs", true), CONFIG.root());
    assertEquals(Optional.of("box"), CONFIG.hostname());
    assertEquals(Optional.of("example.com"), CONFIG.domainname());
    assertEquals(Map.of("com.example.key", "value"), CONFIG.annotations());
  }

  @Test
  void process() {
    assertEquals(Optional.of(new ConsoleSize(24, 80)), PROCESS.consoleSize());
    assertEquals(
        new User(1000, 1001, OptionalInt.of(022), List.of(5L, 0xffff_ffffL)), PROCESS.user());
    assertEquals(List.of("/bin/server", "--port=80"), PROCESS.args());
    assertEquals(List.of("PATH=/bin", "EMPTY="), PROCESS.env());
    assertEquals("/srv", PROCESS.cwd());
    assertEquals(
        Optional.of(
            new Capabilities(
                List.of("CAP_CHOWN", "CAP_KILL"),
                List.of("CAP_CHOWN"),
                List.of("CAP_CHOWN"),
                List.of("CAP_CHOWN"),
                List.of("CAP_CHOWN"))),
        PROCESS.capabilities());
    assertEquals(
        List.of(new Rlimit("RLIMIT_NOFILE", 1024, 4096), new Rlimit("RLIMIT_CORE", -1, -1)),
        PROCESS.rlimits());
    assertEquals(OptionalInt.of(-500), PROCESS.oomScoreAdj());
    assertEquals(Optional.of("limpid-default"), PROCESS.apparmorProfile());
    assertEquals(Optional.of("system_u:system_r:container_t:s0"), PROCESS.selinuxLabel());
    assertEquals(Optional.of(new IoPriority("IOPRIO_CLASS_BE", 4)), PROCESS.ioPriority());
    assertEquals(
        Optional.of(
            new Scheduler(
                "SCHED_DEADLINE",
                5,
                10,
                List.of("SCHED_FLAG_RESET_ON_FORK"),
                1_000_000,
                2_000_000,
                -1)),
        PROCESS.scheduler());
    assertEquals(
        Optional.of(new ExecCpuAffinity(Optional.of("0-1"), Optional.of("0-31:2/4,40"))),
        PROCESS.execCpuAffinity());
  }

  @Test
  void mounts() {
    assertEquals(
        List.of(
            new Mount(
                "/proc",
                Optional.of("proc"),
                Optional.of("proc"),
                List.of("nosuid"),
                List.of(),
                List.of()),
            new Mount(
                "/data",
                Optional.of("bind"),
                Optional.of("data"),
                List.of("rbind", "ro"),
                List.of(new IdMapping(1, 1000, 2)),
                List.of(new IdMapping(3, 3000, 4)))),
        CONFIG.mounts());
  }

  @Test
  void hooks() {
    Hooks hooks = CONFIG.hooks();
    assertEquals(
        List.of(
            new Hook(
                "/hook/prestart", List.of("prestart", "a"), List.of("K=1"), OptionalLong.of(1))),
        hooks.prestart());
    assertEquals(List.of(hook("createRuntime", 2, 2)), hooks.createRuntime());
    assertEquals(List.of(hook("createContainer", 3, 3)), hooks.createContainer());
    assertEquals(List.of(hook("startContainer", 4, 4)), hooks.startContainer());
    assertEquals(List.of(hook("poststart", 5, 5)), hooks.poststart());
    assertEquals(List.of(hook("poststop", 6, Integer.MAX_VALUE)), hooks.poststop());
    assertEquals(Hooks.NAMES, List.copyOf(section(CONFIG.raw(), "hooks").members().keySet()));
  }

  @Test
  void namespaces() {
    assertEquals(
        List.of(
            new Namespace(NamespaceType.PID, Optional.empty()),
            new Namespace(NamespaceType.NETWORK, Optional.of("/var/run/netns/box")),
            new Namespace(NamespaceType.MOUNT, Optional.empty()),
            new Namespace(NamespaceType.USER, Optional.empty()),
            new Namespace(NamespaceType.TIME, Optional.empty())),
        LINUX.namespaces());
    assertEquals(Optional.empty(), LINUX.namespace(NamespaceType.IPC));
    assertEquals(
        Optional.of("/var/run/netns/box"),
        LINUX.namespace(NamespaceType.NETWORK).orElseThrow().path());
    assertEquals(List.of(new IdMapping(1, 100_000, 65_536)), LINUX.uidMappings());
    assertEquals(List.of(new IdMapping(2, 200_000, 0xffff_ffffL)), LINUX.gidMappings());
    assertEquals(
        Map.of(
            "monotonic", new TimeOffset(86_400, 1),
            "boottime", new TimeOffset(-86_400, 999_999_999)),
        LINUX.timeOffsets());
  }

  @Test
  void devices() {
    assertEquals(
        List.of(
            new Device(
                Device.Type.CHARACTER,
                "/dev/fuse",
                10,
                229,
                OptionalInt.of(0666),
                OptionalLong.of(1),
                OptionalLong.of(2)),
            new Device(
                Device.Type.PIPE,
                "/dev/pipe",
                0,
                0,
                OptionalInt.empty(),
                OptionalLong.empty(),
                OptionalLong.empty())),
        LINUX.devices());
  }

  @Test
  void resources() {
    assertEquals(
        new Memory(
            OptionalLong.of(536_870_912),
            OptionalLong.of(268_435_456),
            OptionalLong.of(-1),
            OptionalLong.of(-1),
            OptionalLong.of(1_048_576),
            OptionalInt.of(60),
            true,
            true,
            true),
        RESOURCES.memory());
    assertEquals(
        new Cpu(
            OptionalLong.of(1024),
            OptionalLong.of(-1),
            OptionalLong.of(1000),
            OptionalLong.of(100_000),
            OptionalLong.of(950_000),
            OptionalLong.of(1_000_000),
            Optional.of("0-3,6"),
            Optional.of("0"),
            OptionalLong.of(1)),
        RESOURCES.cpu());
    assertEquals(OptionalLong.of(128), RESOURCES.pidsLimit());
    assertEquals(
        new BlockIo(
            OptionalInt.of(500),
            OptionalInt.of(300),
            List.of(new BlockIo.Weight(8, 16, OptionalInt.of(600), OptionalInt.of(400))),
            List.of(new BlockIo.Throttle(8, 1, 600)),
            List.of(new BlockIo.Throttle(8, 2, 700)),
            List.of(new BlockIo.Throttle(8, 3, 800)),
            List.of(new BlockIo.Throttle(8, 4, -1))),
        RESOURCES.blockIo());
    assertEquals(List.of(new HugepageLimit("2MB", -1)), RESOURCES.hugepageLimits());
    assertEquals(
        new NetworkResources(
            OptionalLong.of(0x100001), List.of(new NetworkResources.Priority("eth0", 500))),
        RESOURCES.network());
    assertEquals(
        Map.of("mlx5_1", new RdmaLimit(OptionalLong.of(3), OptionalLong.of(10_000))),
        RESOURCES.rdma());
    assertEquals(Map.of("memory.high", "1073741824"), RESOURCES.unified());
    assertEquals(
        List.of(
            new DeviceRule(
                false,
                Optional.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                Optional.of("rwm")),
            new DeviceRule(
                true,
                Optional.of("c"),
                OptionalLong.of(10),
                OptionalLong.of(229),
                Optional.of("rw"))),
        RESOURCES.devices());
  }

  @Test
  void restOfLinux() {
    Seccomp seccomp = LINUX.seccomp().orElseThrow();
    assertEquals("SCMP_ACT_ERRNO", seccomp.defaultAction());
    assertEquals(List.of("SCMP_ARCH_X86_64", "SCMP_ARCH_X86"), seccomp.architectures());
    assertEquals(List.of("SECCOMP_FILTER_FLAG_LOG"), seccomp.flags());
    assertEquals(Optional.of("/run/listener.sock"), seccomp.listenerPath());
    assertEquals(Optional.of("/limpid/box"), LINUX.cgroupsPath());
    assertEquals(Map.of("net.core.somaxconn", "256"), LINUX.sysctl());
    assertEquals(List.of("/proc/kcore"), LINUX.maskedPaths());
    assertEquals(List.of("/proc/sys"), LINUX.readonlyPaths());
    assertEquals(Optional.of("rslave"), LINUX.rootfsPropagation());
    assertEquals(Optional.of("system_u:object_r:container_file_t:s0"), LINUX.mountLabel());
    assertEquals(
        Optional.of(
            new IntelRdt(
                Optional.of("guaranteed"),
                Optional.of("L3:0=7f0;1=1f"),
                Optional.of("MB:0=20;1=70"),
                true,
                true)),
        LINUX.intelRdt());
    assertEquals(Optional.of(new Personality("LINUX32", List.of("NONE"))), LINUX.personality());
  }

  @Test
  void vm() {
    assertEquals(
        Optional.of(
            new Vm(
                Optional.of(
                    new Vm.Hypervisor("/usr/bin/qemu-system-x86_64", List.of("-nodefaults"))),
                new Vm.Kernel("/boot/vmlinuz", List.of("quiet"), Optional.of("/boot/initrd.img")),
                Optional.of(new Vm.Image("/var/lib/vm.img", "qcow2")),
                new Vm.HwConfig(
                    OptionalLong.of(2),
                    OptionalLong.of(1 << 30),
                    Optional.of("/boot/vm.dtb"),
                    List.of("path/to/device"),
                    List.of(new Vm.IoMemory(12288, 4096, -1)),
                    List.of(11L)))),
        CONFIG.vm());
  }

  @Test
  void unknownMembersAnywhereAreKeptUntouched() {
    JsonValue unknown =
        TestDocuments.json("{\"n\": 1.50, \"huge\": 1e400, \"list\": [null, {}, [], \"\\ud800\"]}");
    JsonObject full = TestDocuments.full();
    JsonObject extended = full.with("com.example.unknown", unknown);
    for (JsonCursor place : TestDocuments.places(full)) {
      if (place.value() instanceof JsonObject && !MAPS.contains(place.path())) {
        extended =
            DocumentPath.parse(place.path() + "[\"com.example.unknown\"]").set(extended, unknown);
      }
    }

    Config config = ConfigParser.parse("config.json", extended).config();

    JsonWriter writer = JsonWriter.compact();
    assertEquals(writer.write(extended), writer.write(config.raw()));
    assertEquals(section(extended, "process"), config.process().raw());
    JsonObject linux = section(extended, "linux");
    assertEquals(section(linux, "resources"), config.linux().resources().raw());
    assertEquals(section(linux, "seccomp"), config.linux().seccomp().orElseThrow().raw());
    assertEquals(Optional.of(unknown), config.process().raw().get("com.example.unknown"));
    assertEquals(CONFIG.mounts(), config.mounts());
    assertEquals(CONFIG.hooks(), config.hooks());
    assertEquals(CONFIG.vm(), config.vm());
  }

  private static Hook hook(String name, int number, int timeout) {
    return new Hook(
        "/hook/" + name, List.of(name), List.of("K=" + number), OptionalLong.of(timeout));
  }

  private static JsonObject section(JsonObject object, String member) {
    return (JsonObject) object.get(member).orElseThrow();
  }

  /** Notes for each component whether any record has something there, and that none changes. */
  private static void collect(Object value, Map<String, Boolean> components) {
    if (value instanceof Optional<?> optional) {
      optional.ifPresent(content -> collect(content, components));
    } else if (value instanceof Collection<?> collection) {
      assertThrows(UnsupportedOperationException.class, collection::clear);
      collection.forEach(element -> collect(element, components));
    } else if (value instanceof Map<?, ?> map) {
      assertThrows(UnsupportedOperationException.class, map::clear);
      map.values().forEach(element -> collect(element, components));
    } else if (value instanceof Record) {
      for (RecordComponent component : value.getClass().getRecordComponents()) {
        Object content = content(value, component);
        components.merge(
            value.getClass().getSimpleName() + "." + component.getName(),
            isFilled(content),
            Boolean::logicalOr);
        collect(content, components);
      }
    }
  }

  private static Object content(Object record, RecordComponent component) {
    try {
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private static boolean isFilled(Object value) {
    if (value instanceof Optional<?> optional) {
      return optional.isPresent();
    }
    if (value instanceof OptionalInt optional) {
      return optional.isPresent();
    }
    if (value instanceof OptionalLong optional) {
      return optional.isPresent();
    }
    if (value instanceof Boolean flag) {
      return flag;
    }
    if (value instanceof Number number) {
      return number.longValue() != 0;
    }
    if (value instanceof String text) {
      return !text.isEmpty();
    }
    if (value instanceof Collection<?> collection) {
      return !collection.isEmpty();
    }
    if (value instanceof Map<?, ?> map) {
      return !map.isEmpty();
    }
    return true;
  }
}
