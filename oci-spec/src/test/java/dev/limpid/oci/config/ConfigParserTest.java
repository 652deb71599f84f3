package dev.limpid.oci.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonSyntaxException;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.oci.spec.DefaultConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What callers write in practice is accepted, with warnings for what is merely tolerated. */
class ConfigParserTest {
  @TempDir Path directory;

  @Test
  void aMissingFileIsAnIoError() {
    assertThrows(
        NoSuchFileException.class, () -> ConfigParser.read(directory.resolve("config.json")));
  }

  @Test
  void aFileThatIsNotJsonIsNamedAsConfigJson() throws IOException {
    Path file = Files.writeString(directory.resolve("x"), "{\"ociVersion\": }");

    JsonSyntaxException e = assertThrows(JsonSyntaxException.class, () -> ConfigParser.read(file));

    assertEquals(
        "config.json:1:16: not JSON: Unexpected character ('}' (code 125)): expected a value",
        e.getMessage());
  }

  @Test
  void aFileWithAWrongMemberIsNamedAsConfigJson() throws IOException {
    Path file = Files.writeString(directory.resolve("x"), "{}");

    InvalidSpecException e =
        assertThrows(InvalidSpecException.class, () -> ConfigParser.read(file));

    assertEquals("config.json: ociVersion: is required, but missing", e.getMessage());
    assertEquals("ociVersion", e.path());
  }

  @Test
  void aFileIsReadFromItsBytes() throws IOException {
    Path file = directory.resolve("config.json");
    Files.write(file, JsonWriter.compact().writeBytes(TestDocuments.full()));

    assertEquals(TestDocuments.full(), ConfigParser.read(file).config().raw());
  }

  @Test
  void theDefaultConfigIsValid() {
    ParsedConfig parsed = ConfigParser.parse("config.json", DefaultConfig.json());

    assertEquals(List.of(), parsed.warnings());
    Config config = parsed.config();
    assertEquals("1.2.0", config.ociVersion());
    assertEquals(List.of("sh"), config.process().args());
    assertTrue(config.process().terminal());
    assertTrue(config.process().noNewPrivileges());
    assertEquals(new Root("rootfs", true), config.root());
    assertEquals(7, config.mounts().size());
    assertEquals(6, config.linux().namespaces().size());
    assertEquals(Hooks.NONE, config.hooks());
    assertEquals(Optional.empty(), config.vm());
  }

  @Test
  void whatDockerWritesIsAccepted() {
    JsonObject docker = TestDocuments.object(TestDocuments.text("docker-config.json"));

    ParsedConfig parsed = ConfigParser.parse("config.json", docker);

    assertEquals(List.of(), parsed.warnings());
    Config config = parsed.config();
    assertEquals(Optional.of(new ConsoleSize(50, 187)), config.process().consoleSize());
    assertEquals(new User(0, 0, OptionalInt.empty(), List.of(0L, 10L)), config.process().user());
    assertEquals(14, config.process().capabilities().orElseThrow().bounding().size());
    assertEquals(List.of(), config.process().capabilities().orElseThrow().ambient());
    assertEquals(OptionalInt.of(0), config.process().oomScoreAdj());
    assertEquals(
        List.of(
            new Hook(
                "/proc/941/exe",
                List.of(
                    "libnetwork-setkey",
                    "-exec-root=/var/run/docker",
                    "3f4c1ad2b7e9",
                    "5e7f2f6d0b5c"),
                List.of(),
                OptionalLong.empty())),
        config.hooks().prestart());
    assertEquals(
        List.of("/etc/resolv.conf", "/etc/hostname", "/etc/hosts"),
        config.mounts().stream().filter(Mount::isBind).map(Mount::destination).toList());
    Resources resources = config.linux().resources();
    assertEquals(OptionalLong.of(-1), resources.pidsLimit());
    assertEquals(BlockIo.NONE, resources.blockIo());
    assertEquals(OptionalLong.of(150_000), resources.cpu().quota());
    assertEquals(OptionalLong.of(1_073_741_824), resources.memory().swap());
    assertEquals(Optional.of("system.slice:docker:3f4c1ad2b7e9"), config.linux().cgroupsPath());
    assertEquals(
        List.of("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"),
        config.linux().seccomp().orElseThrow().architectures());
    assertEquals(docker, config.raw());
    assertEquals(
        TestDocuments.text("docker-config.json").strip(), JsonWriter.compact().write(config.raw()));
  }

  @Test
  void whatContainerdWritesIsAccepted() {
    JsonObject containerd = TestDocuments.object(TestDocuments.text("containerd-config.json"));

    ParsedConfig parsed = ConfigParser.parse("config.json", containerd);

    assertEquals(List.of(), parsed.warnings());
    Config config = parsed.config();
    assertFalse(config.process().terminal());
    assertEquals(List.of(), config.process().rlimits());
    assertEquals(OptionalInt.of(-998), config.process().oomScoreAdj());
    assertEquals(
        List.of(
            "io.kubernetes.cri.container-type",
            "io.kubernetes.cri.sandbox-cpu-quota",
            "io.kubernetes.cri.sandbox-id",
            "io.kubernetes.cri.sandbox-log-directory"),
        List.copyOf(config.annotations().keySet()));
    Linux linux = config.linux();
    assertEquals(
        Optional.of("/var/run/netns/cni-1f0a"),
        linux.namespace(NamespaceType.NETWORK).orElseThrow().path());
    assertEquals(Optional.empty(), linux.seccomp());
    assertEquals(Optional.empty(), linux.rootfsPropagation());
    assertEquals(Optional.empty(), linux.resources().cpu().cpus());
    assertEquals(Memory.NONE, linux.resources().memory());
    assertEquals(Map.of(), linux.resources().unified());
    assertEquals(containerd, config.raw());
  }

  @Test
  void whatIsAbsentHasItsDefault() {
    Config config = ConfigParser.parse("config.json", TestDocuments.minimal()).config();

    ContainerProcess process = config.process();
    assertEquals(
        new ContainerProcess(
            false,
            Optional.empty(),
            User.ROOT,
            List.of("sh"),
            List.of(),
            "/",
            Optional.empty(),
            List.of(),
            false,
            OptionalInt.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            process.raw()),
        process);
    assertEquals(
        new Config(
            "1.2.0",
            process,
            new Root("r", false),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            Hooks.NONE,
            Map.of(),
            Linux.NONE,
            Optional.empty(),
            TestDocuments.minimal()),
        config);
  }

  @Test
  void emptySectionsAreAsGoodAsAbsentOnes() {
    JsonObject document =
        TestDocuments.minimal()
            .with("mounts", TestDocuments.json("[]"))
            .with("hooks", JsonObject.empty())
            .with("annotations", JsonObject.empty())
            .with("linux", JsonObject.empty());

    Config config = ConfigParser.parse("config.json", document).config();

    assertEquals(List.of(), config.mounts());
    assertEquals(Hooks.NONE, config.hooks());
    assertEquals(Map.of(), config.annotations());
    assertEquals(Linux.NONE, config.linux());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hostname",
        "domainname",
        "process.apparmorProfile",
        "process.selinuxLabel",
        "process.execCPUAffinity.initial",
        "process.execCPUAffinity.final",
        "mounts[0].type",
        "mounts[0].source",
        "linux.namespaces[1].path",
        "linux.cgroupsPath",
        "linux.resources.cpu.cpus",
        "linux.resources.cpu.mems",
        "linux.resources.devices[1].type",
        "linux.resources.devices[1].access",
        "linux.seccomp.listenerMetadata",
        "linux.rootfsPropagation",
        "linux.mountLabel",
        "linux.intelRdt.closID",
        "linux.intelRdt.l3CacheSchema",
        "linux.intelRdt.memBwSchema",
        "vm.kernel.initrd",
      })
  void anEmptyTextIsAsGoodAsAbsent(String path) {
    JsonObject full = TestDocuments.full();
    JsonObject empty = DocumentPath.parse(path).set(full, TestDocuments.json("\"\""));
    JsonObject removed = DocumentPath.parse(path).remove(full);

    Config config = ConfigParser.parse("config.json", empty).config();

    // What was read is kept as it was, so it is the only difference.
    assertEquals(
        withoutRaw(ConfigParser.parse("config.json", removed).config()), withoutRaw(config));
    assertEquals(empty, config.raw());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.0.0",
        "1.0.2",
        "1.0.0-rc5",
        "1.0.2-dev",
        "1.1.0+dev",
        "1.2.1",
        "1.3.0",
        "1.99.0"
      })
  void acceptsVersionsOfTheFirstMajor(String version) {
    JsonObject document = TestDocuments.minimal().with("ociVersion", version);

    assertEquals(version, ConfigParser.parse("config.json", document).config().ociVersion());
  }

  /** The last values on the good side of the bounds that bad-configs.txt has the bad side of. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "process.consoleSize.height | 0",
        "process.consoleSize.width | 65535",
        "process.user.uid | 4294967295",
        "process.user.umask | 0",
        "process.user.umask | 511",
        "process.oomScoreAdj | -1000",
        "process.oomScoreAdj | 1000",
        "process.rlimits[0].soft | 4096",
        "process.rlimits[0].soft | 0",
        "process.rlimits[0].hard | 18446744073709551615",
        "process.ioPriority.priority | 0",
        "process.ioPriority.priority | 7",
        "process.scheduler.nice | -20",
        "process.scheduler.nice | 19",
        "process.scheduler.priority | 0",
        "process.scheduler.priority | 99",
        "process.scheduler.runtime | 18446744073709551615",
        "process.execCPUAffinity.initial | \"0-31:2/4\"",
        "process.args[0] | \"\"",
        "process.env[0] | \"A==\"",
        "mounts[1].source | \"../data\"",
        "mounts[1].uidMappings[0].size | 4294967295",
        "hooks.prestart[0].timeout | 1",
        "linux.timeOffsets.monotonic.secs | -9223372036854775808",
        "linux.timeOffsets.monotonic.nanosecs | 999999999",
        "linux.devices[0].major | 4095",
        "linux.devices[0].minor | 1048575",
        "linux.devices[0].type | \"u\"",
        "linux.resources.devices[1].major | -1",
        "linux.resources.devices[1].minor | 9223372036854775807",
        "linux.resources.devices[1].type | \"a\"",
        "linux.resources.memory.limit | 9223372036854775807",
        "linux.resources.memory.swappiness | 0",
        "linux.resources.memory.swappiness | 100",
        "linux.resources.cpu.quota | 0",
        "linux.resources.cpu.idle | 0",
        "linux.resources.pids.limit | 9223372036854775807",
        "linux.resources.blockIO.weight | 1000",
        "linux.resources.hugepageLimits[0].pageSize | \"1GB\"",
        "linux.resources.network.classID | 4294967295",
        "linux.seccomp.defaultErrnoRet | 4095",
        "linux.seccomp.syscalls[0].args[0].index | 5",
        "linux.rootfsPropagation | \"shared\"",
        "linux.personality.domain | \"LINUX\"",
        "linux.intelRdt.closID | \"..x\"",
        "vm.image.format | \"vhd\"",
        "linux.resources.unified[\"..x\"] | \"1\"",
        "annotations[\"com.example.key\"] | \"\"",
      })
  void acceptsTheLastGoodValue(String path, String value) {
    JsonObject document =
        DocumentPath.parse(path).set(TestDocuments.full(), TestDocuments.json(value));

    assertEquals(document, ConfigParser.parse("config.json", document).config().raw());
  }

  @Test
  void aNameOfSixtyFourBytesFits() {
    String name = "é".repeat(32);
    JsonObject document = TestDocuments.minimal().with("hostname", name).with("domainname", name);

    Config config = ConfigParser.parse("config.json", document).config();

    assertEquals(Optional.of(name), config.hostname());
    assertEquals(Optional.of(name), config.domainname());
  }

  @Test
  void theTypeBitsOfADeviceModeAreDropped() {
    JsonObject document =
        DocumentPath.parse("linux.devices[0].fileMode")
            .set(TestDocuments.full(), TestDocuments.json(Integer.toString(020666)));

    Config config = ConfigParser.parse("config.json", document).config();

    assertEquals(OptionalInt.of(0666), config.linux().devices().get(0).fileMode());
  }

  @Test
  void aRelativeDestinationIsTakenFromTheRootAndWarnedOf() {
    JsonObject document =
        DocumentPath.parse("mounts[1].destination")
            .set(TestDocuments.full(), TestDocuments.json("\"data\""));

    ParsedConfig parsed = ConfigParser.parse("config.json", document);

    assertEquals("/data", parsed.config().mounts().get(1).destination());
    assertEquals(
        List.of(
            "config.json: mounts[1].destination: should be an absolute path, taken as if it began"
                + " with \"/\""),
        parsed.warnings());
  }

  @Test
  void anUnknownCapabilityIsKeptAndWarnedOf() {
    JsonObject document =
        DocumentPath.parse("process.capabilities.ambient")
            .set(
                TestDocuments.full(),
                TestDocuments.json("[\"CAP_KILL\", \"CAP_TIME\\nTRAVEL\", \"cap_kill\"]"));

    ParsedConfig parsed = ConfigParser.parse("config.json", document);

    assertEquals(
        List.of("CAP_KILL", "CAP_TIME\nTRAVEL", "cap_kill"),
        parsed.config().process().capabilities().orElseThrow().ambient());
    assertEquals(
        List.of(
            "config.json: process.capabilities.ambient[1]: unknown capability"
                + " \"CAP_TIME\\nTRAVEL\"",
            "config.json: process.capabilities.ambient[2]: unknown capability \"cap_kill\""),
        parsed.warnings());
  }

  @ParameterizedTest
  @CsvSource({
    "tmpfs, nosuid, false",
    "bind, nosuid, true",
    "none, bind, true",
    "'', rbind, true",
    "'', nobind, false",
  })
  void mountsThatBindAreTold(String type, String option, boolean bind) {
    JsonObject mount =
        JsonObject.empty()
            .with("destination", "/x")
            .with("type", type)
            .with("source", "/y")
            .with("options", TestDocuments.json("[\"ro\", \"" + option + "\"]"));
    JsonObject document = TestDocuments.full();
    document = DocumentPath.parse("mounts[0]").set(document, mount);

    assertEquals(
        bind, ConfigParser.parse("config.json", document).config().mounts().get(0).isBind());
  }

  @Test
  void theProcessOfAnExecIsADocumentOfItsOwn() {
    JsonObject process = (JsonObject) TestDocuments.full().get("process").orElseThrow();
    JsonObject wrong = DocumentPath.parse("capabilities.bounding[0]").set(process, jsonText("X"));

    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class,
            () -> ConfigParser.parseProcess("process.json", process.without("cwd")));

    assertEquals("process.json: cwd: is required, but missing", e.getMessage());
    assertEquals(
        ConfigParser.parse("config.json", TestDocuments.full()).config().process(),
        ConfigParser.parseProcess("process.json", process).process());
    assertEquals(
        List.of("process.json: capabilities.bounding[0]: unknown capability \"X\""),
        ConfigParser.parseProcess("process.json", wrong).warnings());
  }

  @Test
  void theResourcesOfAnUpdateAreADocumentOfTheirOwn() {
    JsonObject linux = (JsonObject) TestDocuments.full().get("linux").orElseThrow();
    JsonObject resources = (JsonObject) linux.get("resources").orElseThrow();

    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class,
            () ->
                ConfigParser.parseResources(
                    "resources.json", resources.with("pids", jsonText("many"))));

    assertEquals("resources.json: pids: must be an object, found a string", e.getMessage());
    assertEquals(
        ConfigParser.parse("config.json", TestDocuments.full()).config().linux().resources(),
        ConfigParser.parseResources("resources.json", resources));
    assertEquals(Resources.NONE, ConfigParser.parseResources("resources.json", JsonObject.empty()));
  }

  private static JsonString jsonText(String text) {
    return new JsonString(text);
  }

  /** The records as text, less the documents in them. */
  private static String withoutRaw(Config config) {
    String text = config.toString();
    JsonObject linux = (JsonObject) config.raw().get("linux").orElseThrow();
    for (JsonObject raw :
        List.of(
            config.raw(),
            config.process().raw(),
            (JsonObject) linux.get("resources").orElseThrow(),
            (JsonObject) linux.get("seccomp").orElseThrow())) {
      text = text.replace(raw.toString(), "");
    }
    return text;
  }
}
