package dev.limpid.engine.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.config.HugePages;
import dev.limpid.config.LimpidConfiguration;
import dev.limpid.config.Permission;
import dev.limpid.config.RootfsMode;
import dev.limpid.config.TemplateUse;
import dev.limpid.engine.Json;
import dev.limpid.engine.rootfs.RootfsRequest;
import dev.limpid.oci.json.InvalidSpecException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What config.json says of its VM: refused, not allowed, or done. */
class VmChoiceTest {
  private static final String PORTS = "must be up to 128 ports, for example 80,443/tcp,53/udp";

  private static final Set<Permission> ALL = EnumSet.allOf(Permission.class);

  @TempDir private Path folder;

  @BeforeEach
  void makeFiles() throws IOException {
    for (String name : List.of("kernel", "initrd", "image", "program")) {
      Files.writeString(folder.resolve(name), name);
    }
    Files.setPosixFilePermissions(
        folder.resolve("program"), PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  static List<Arguments> wrong() {
    String kernel = "'vm':{'kernel':{'path':'DIR/kernel'}";
    return List.of(
        // annotations
        annotation("dev.limpid.memory", "127", "must be a number of MiB from 128 to 1048576"),
        annotation("dev.limpid.memory", "1048577", "must be a number of MiB from 128 to 1048576"),
        annotation("dev.limpid.memory", "", "must be a number of MiB from 128 to 1048576"),
        annotation("dev.limpid.memory", "512M", "must be a number of MiB from 128 to 1048576"),
        annotation("dev.limpid.memory", "+512", "must be a number of MiB from 128 to 1048576"),
        annotation(
            "dev.limpid.memory", "99999999999", "must be a number of MiB from 128 to 1048576"),
        annotation("dev.limpid.vcpus", "0", "must be a number from 1 to 256"),
        annotation("dev.limpid.vcpus", "257", "must be a number from 1 to 256"),
        annotation("dev.limpid.vcpus", "1.5", "must be a number from 1 to 256"),
        annotation("dev.limpid.rootfs", "dax", "must be auto, layers, shared, disk or tmpfs"),
        annotation("dev.limpid.disk", "63", "must be a number from 64 to 4194304"),
        annotation("dev.limpid.disk", "4194305", "must be a number from 64 to 4194304"),
        annotation("dev.limpid.disk", "064", "must be a number from 64 to 4194304"),
        annotation("dev.limpid.disk", "1G", "must be a number from 64 to 4194304"),
        annotation("dev.limpid.disk", "", "must be a number from 64 to 4194304"),
        annotation("dev.limpid.ports", "", PORTS),
        annotation("dev.limpid.ports", "0", PORTS),
        annotation("dev.limpid.ports", "65536", PORTS),
        annotation("dev.limpid.ports", "080", PORTS),
        annotation("dev.limpid.ports", "80,", PORTS),
        annotation("dev.limpid.ports", "80/", PORTS),
        annotation("dev.limpid.ports", "80/sctp", PORTS),
        annotation("dev.limpid.ports", "80/tcp/udp", PORTS),
        annotation("dev.limpid.ports", "80-81", PORTS),
        annotation("dev.limpid.template", "always", "must be auto or never"),
        annotation("dev.limpid.hugepages", "", "must be never, 2M or 1G"),
        annotation("dev.limpid.hugepages", "4M", "must be never, 2M or 1G"),
        annotation("dev.limpid.hugepages", "2097152", "must be never, 2M or 1G"),
        annotation("dev.limpid.hugepages", "2M ", "must be never, 2M or 1G"),
        annotation(
            "dev.limpid.cpus",
            "1",
            "is no annotation of Limpid; see docs/configuration.md for those there are"),
        annotation(
            "dev.limpid.",
            "1",
            "is no annotation of Limpid; see docs/configuration.md for those there are"),
        // hypervisor
        Arguments.of(
            kernel + ",'hypervisor':{'path':'/no/qemu'}}",
            "vm.hypervisor.path: must be a file of the host, found \"/no/qemu\""),
        Arguments.of(
            kernel + ",'hypervisor':{'path':'DIR/kernel'}}",
            "vm.hypervisor.path: must be a program that can be executed, found \"DIR/kernel\""),
        Arguments.of(
            kernel + ",'hypervisor':{'path':'DIR'}}",
            "vm.hypervisor.path: must be a file of the host, found \"DIR\""),
        Arguments.of(
            kernel
                + ",'hypervisor':{'path':'DIR/program','parameters':["
                + String.join(",", Collections.nCopies(129, "'-x'"))
                + "]}}",
            "vm.hypervisor.parameters: must be at most 128, found 129"),
        // kernel
        Arguments.of(
            "'vm':{'kernel':{'path':'/no/vmlinux'}}",
            "vm.kernel.path: must be a file of the host, found \"/no/vmlinux\""),
        Arguments.of(
            "'vm':{'kernel':{'path':'DIR/kernel','initrd':'DIR'}}",
            "vm.kernel.initrd: must be a file of the host, found \"DIR\""),
        Arguments.of(
            "'vm':{'kernel':{'path':'DIR/kernel','parameters':['a','b c']}}",
            "vm.kernel.parameters[1]: must be one parameter of printable ASCII, without blanks,"
                + " found \"b c\""),
        Arguments.of(
            "'vm':{'kernel':{'path':'DIR/kernel','parameters':['" + "x".repeat(1499) + "','y']}}",
            "vm.kernel.parameters: must leave the kernel's command line within 1500 bytes, found"
                + " 1513"),
        // image
        Arguments.of(
            kernel + ",'image':{'path':'/no/image','format':'raw'}}",
            "vm.image.path: must be a file of the host, found \"/no/image\""),
        Arguments.of(
            kernel + ",'image':{'path':'DIR/image','format':'vmdk'}}",
            "vm.image.format: is not supported: such an image can consist of other files, which it"
                + " names, found \"vmdk\""),
        Arguments.of(
            kernel + ",'image':{'path':'DIR/image','format':'qcow2'}}",
            "vm.image.path: is no qcow2 image, found \"DIR/image\""),
        // hwConfig
        Arguments.of(
            kernel + ",'hwConfig':{'memory':133169152}}",
            "vm.hwConfig.memory: must be a number of bytes from 134217728 to 1099511627776, found"
                + " 133169152"),
        Arguments.of(
            kernel + ",'hwConfig':{'memory':18446744073709551615}}",
            "vm.hwConfig.memory: must be a number of bytes from 134217728 to 1099511627776, found"
                + " 18446744073709551615"),
        Arguments.of(
            kernel + ",'hwConfig':{'vcpus':257}}",
            "vm.hwConfig.vcpus: must be an integer from 1 to 256, found 257"),
        Arguments.of(
            kernel + ",'hwConfig':{'deviceTree':'/d'}}",
            "vm.hwConfig.deviceTree: is not supported: the VM is a PC, which has no device tree,"
                + " found \"/d\""),
        Arguments.of(
            kernel + ",'hwConfig':{'dtdevs':['d']}}",
            "vm.hwConfig.dtdevs: not supported: a VM gets no hardware of the host passed through"),
        Arguments.of(
            kernel + ",'hwConfig':{'iomems':[{}]}}",
            "vm.hwConfig.iomems: not supported: a VM gets no hardware of the host passed through"),
        Arguments.of(
            kernel + ",'hwConfig':{'irqs':[1]}}",
            "vm.hwConfig.irqs: not supported: a VM gets no hardware of the host passed through"));
  }

  private static Arguments annotation(String name, String value, String problem) {
    return Arguments.of(
        "'annotations':{'" + name + "':'" + value + "'}",
        "annotations[\"" + name + "\"]: " + problem + ", found \"" + value + "\"");
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void refuses(String config, String problem) {
    InvalidSpecException e = assertThrows(InvalidSpecException.class, () -> choose(config, ALL));

    assertEquals("config.json: " + problem.replace("DIR", folder.toString()), e.getMessage());
  }

  @Test
  void refusesAParameterThatIsTooLong() {
    String config =
        "'vm':{'kernel':{'path':'DIR/kernel'},'hypervisor':{'path':'DIR/program','parameters':['"
            + "é".repeat(2049)
            + "']}}";

    InvalidSpecException e = assertThrows(InvalidSpecException.class, () -> choose(config, ALL));

    assertEquals("vm.hypervisor.parameters[0]", e.path());
  }

  /** Uses everything that can be allowed. */
  @Test
  void portsAreOfTcpUnlessTheySayOtherwise() {
    SharedPorts ports =
        choose("'annotations':{'dev.limpid.ports':'443/tcp,80,53/udp,53,65535/udp'}", ALL).ports();

    assertEquals(new TreeSet<>(Set.of(53, 80, 443)), ports.tcp());
    assertEquals(new TreeSet<>(Set.of(53, 65535)), ports.udp());
  }

  @Test
  void portsAreLimitedInNumber() {
    String most =
        IntStream.range(3000, 3128).mapToObj(Integer::toString).collect(Collectors.joining(","));

    assertEquals(
        128, choose("'annotations':{'dev.limpid.ports':'" + most + "'}", ALL).ports().tcp().size());
    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class,
            () -> choose("'annotations':{'dev.limpid.ports':'" + most + ",1/udp'}", ALL));
    assertTrue(e.getMessage().contains(PORTS), e.getMessage());
  }

  private static final String EVERYTHING =
      """
      'annotations':{'dev.limpid.memory':'256','dev.limpid.vcpus':'2','dev.limpid.rootfs':'layers',
                     'dev.limpid.disk':'64',
                     'dev.limpid.template':'never','dev.limpid.hugepages':'2M',
                     'dev.limpid.ports':'53/udp,80',
                     'dev.other':'x','dev.limpidity':'y'},
      'vm':{'hypervisor':{'path':'DIR/program','parameters':['-device','virtio-rng-pci']},
            'kernel':{'path':'DIR/kernel','parameters':['debug','a=b'],'initrd':'DIR/initrd'},
            'image':{'path':'DIR/image','format':'raw'},
            'hwConfig':{'vcpus':3,'memory':1073741824,'dtdevs':[],'iomems':[],'irqs':[],
                        'deviceTree':'','later':true}}
      """;

  @ParameterizedTest
  @EnumSource
  void whatIsNotAllowedIsRefusedEvenIfEverythingElseIs(Permission permission) {
    Set<Permission> others = EnumSet.complementOf(EnumSet.of(permission));

    InvalidSpecException e =
        assertThrows(InvalidSpecException.class, () -> choose(EVERYTHING, others));

    String path = permission.word();
    String expected = path.startsWith("vm.") ? path : "annotations[\"" + path + "\"]";
    assertEquals(expected, e.path().replaceAll("\\[0]$", ""));
    assertEquals(
        "is not allowed: add \"" + path + "\" to \"allow\" in /etc/limpid/limpid.json",
        e.getMessage()
            .substring(
                e.getMessage().indexOf("is not allowed"), e.getMessage().indexOf(", found")));
  }

  @Test
  void everythingThatIsAllowedIsDone() {
    assertEquals(
        new VmChoice(
            folder.resolve("program"),
            List.of("-device", "virtio-rng-pci"),
            folder.resolve("kernel"),
            List.of("configured", "debug", "a=b"),
            Optional.of(folder.resolve("initrd")),
            new GuestImage(folder.resolve("image"), "raw"),
            new RequestedSize(OptionalInt.of(256), OptionalInt.of(2)),
            new RootfsRequest(RootfsMode.LAYERS, true, 64, false, false),
            new SharedPorts(new TreeSet<>(Set.of(80)), new TreeSet<>(Set.of(53))),
            TemplateUse.NEVER,
            new HugePagesRequest(
                HugePages.OF_2_MIB, "config.json: annotations[\"dev.limpid.hugepages\"]")),
        choose(EVERYTHING, ALL));
  }

  @Test
  void theConfigurationHoldsWhereConfigJsonSaysNothing() {
    LimpidConfiguration c = configuration(Set.of());
    VmChoice expected =
        new VmChoice(
            c.hypervisor(),
            List.of(),
            c.kernel(),
            c.kernelParameters(),
            Optional.empty(),
            new GuestImage(c.image(), "raw"),
            new RequestedSize(OptionalInt.empty(), OptionalInt.empty()),
            new RootfsRequest(RootfsMode.AUTO, false, 10240, false, false),
            SharedPorts.NONE,
            TemplateUse.AUTO,
            new HugePagesRequest(HugePages.OF_1_GIB, "/etc/limpid/limpid.json: hugepages"));

    assertEquals(expected, choose("'annotations':{'a':'b'}", Set.of()));
    // What is configured anyway needs no permission.
    assertEquals(
        expected,
        choose(
            "'vm':{'kernel':{'path':'/home/vmlinux','initrd':''},"
                + "'image':{'path':'/home/mini-os.erofs','format':'raw'},'hwConfig':{}}",
            Set.of()));
  }

  @ParameterizedTest
  @EnumSource
  void theRootfsGoesOneOfSeveralWays(RootfsMode mode) {
    RootfsRequest request =
        choose("'annotations':{'dev.limpid.rootfs':'" + mode.word() + "'}", ALL).rootfs();

    assertEquals(new RootfsRequest(mode, true, 10240, false, false), request);
  }

  @Test
  void theRootfsIsKnownToBeReadOnlyOrOfAPod() {
    assertTrue(choose("'root':{'path':'/r','readonly':true}", Set.of()).rootfs().readOnly());
    for (String engine :
        List.of("io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType")) {
      String annotation = "'annotations':{'" + engine + "':'";
      assertTrue(choose(annotation + "container'}", Set.of()).rootfs().ofPod());
      assertFalse(choose(annotation + "sandbox'}", Set.of()).rootfs().ofPod());
    }
  }

  @Test
  void theHardwareIsWhatAnnotationsDoNotSay() {
    RequestedSize size =
        choose(
                "'annotations':{'dev.limpid.vcpus':'256'},'vm':{'kernel':{'path':'DIR/kernel'},"
                    + "'hwConfig':{'vcpus':1,'memory':1099511627776}}",
                ALL)
            .size();

    assertEquals(new RequestedSize(OptionalInt.of(1 << 20), OptionalInt.of(256)), size);
  }

  @ParameterizedTest
  @CsvSource({"133169153, 128", "134217728, 128", "134217729, 129", "1099511627776, 1048576"})
  void bytesAreRoundedUpToWholeMebibytes(long bytes, int mebibytes) {
    RequestedSize size =
        choose("'vm':{'kernel':{'path':'DIR/kernel'},'hwConfig':{'memory':" + bytes + "}}", ALL)
            .size();

    assertEquals(OptionalInt.of(mebibytes), size.memoryMiB());
  }

  private VmChoice choose(String config, Set<Permission> allowed) {
    return VmChoice.of(
        Json.config("{" + config.replace("DIR", folder.toString()) + "}"), configuration(allowed));
  }

  private static LimpidConfiguration configuration(Set<Permission> allowed) {
    LimpidConfiguration c = LimpidConfiguration.defaults(Path.of("/home"));
    return new LimpidConfiguration(
        c.hypervisor(),
        c.virtiofsd(),
        c.passt(),
        c.shim(),
        c.kernel(),
        c.image(),
        c.layers(),
        c.layersMaxMiB(),
        c.template(),
        c.templates(),
        c.accelerator(),
        c.memoryMiB(),
        HugePages.OF_1_GIB,
        c.vcpus(),
        List.of("configured"),
        c.startTimeoutSeconds(),
        c.rootfs(),
        c.diskMiB(),
        c.userNetwork(),
        allowed,
        c.file());
  }
}
