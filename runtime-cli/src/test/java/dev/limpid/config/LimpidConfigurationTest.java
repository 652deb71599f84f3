package dev.limpid.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** limpid.json: what is wrong is said with the file and the key. */
class LimpidConfigurationTest {
  private static final Path HOME = Path.of("/usr/local/lib/limpid");

  @TempDir private Path folder;

  static List<Arguments> wrong() {
    String parameter =
        "kernelParameters[1]: must be one parameter of printable ASCII, without blanks, found ";
    return List.of(
        Arguments.of("[]", "must be an object, found an array"),
        Arguments.of("{\"hypervisor\": 1}", "hypervisor: must be a string, found a number"),
        Arguments.of("{\"hypervisor\": null}", "hypervisor: must be a string, found null"),
        Arguments.of(
            "{\"hypervisor\": \"qemu\"}", "hypervisor: must be an absolute path, found \"qemu\""),
        Arguments.of("{\"virtiofsd\": \"\"}", "virtiofsd: must be an absolute path, found \"\""),
        Arguments.of(
            "{\"shim\": \"/a\\u0000b\"}", "shim: must be an absolute path, found \"/a\\u0000b\""),
        Arguments.of("{\"kernel\": \"~/x\"}", "kernel: must be an absolute path, found \"~/x\""),
        Arguments.of(
            "{\"image\": \"/\\ud800\"}", "image: must be an absolute path, found \"/\\ud800\""),
        Arguments.of("{\"layers\": []}", "layers: must be a string, found an array"),
        Arguments.of(
            "{\"accelerator\": \"KVM\"}", "accelerator: must be auto, kvm or tcg, found \"KVM\""),
        Arguments.of("{\"passt\": \"passt\"}", "passt: must be an absolute path, found \"passt\""),
        Arguments.of(
            "{\"userNetwork\": \"slirp\"}",
            "userNetwork: must be refuse or passt, found \"slirp\""),
        Arguments.of(
            "{\"rootfs\": \"dax\"}",
            "rootfs: must be auto, layers, shared, disk or tmpfs, found \"dax\""),
        Arguments.of("{\"rootfs\": true}", "rootfs: must be a string, found a boolean"),
        Arguments.of(
            "{\"diskMiB\": 63}", "diskMiB: must be an integer from 64 to 4194304, found 63"),
        Arguments.of(
            "{\"diskMiB\": 4194305}",
            "diskMiB: must be an integer from 64 to 4194304, found 4194305"),
        Arguments.of("{\"accelerator\": true}", "accelerator: must be a string, found a boolean"),
        Arguments.of(
            "{\"memoryMiB\": 127}", "memoryMiB: must be an integer from 128 to 1048576, found 127"),
        Arguments.of(
            "{\"memoryMiB\": 1048577}",
            "memoryMiB: must be an integer from 128 to 1048576, found 1048577"),
        Arguments.of("{\"memoryMiB\": \"512\"}", "memoryMiB: must be a number, found a string"),
        Arguments.of("{\"hugepages\": true}", "hugepages: must be a string, found a boolean"),
        Arguments.of("{\"hugepages\": 2}", "hugepages: must be a string, found a number"),
        Arguments.of("{\"hugepages\": \"2m\"}", "hugepages: must be never, 2M or 1G, found \"2m\""),
        Arguments.of(
            "{\"hugepages\": \"auto\"}", "hugepages: must be never, 2M or 1G, found \"auto\""),
        Arguments.of("{\"hugepages\": \"\"}", "hugepages: must be never, 2M or 1G, found \"\""),
        Arguments.of(
            "{\"hugePages\": \"2M\"}",
            "hugePages: is not a key of this file; see docs/configuration.md for those there are,"
                + " found \"2M\""),
        Arguments.of("{\"vcpus\": 0}", "vcpus: must be an integer from 1 to 256, found 0"),
        Arguments.of("{\"vcpus\": 257}", "vcpus: must be an integer from 1 to 256, found 257"),
        Arguments.of("{\"vcpus\": 1.5}", "vcpus: must be an integer from 1 to 256, found 1.5"),
        Arguments.of(
            "{\"kernelParameters\": \"quiet\"}",
            "kernelParameters: must be an array, found a string"),
        Arguments.of("{\"kernelParameters\": [\"a\", \"b c\"]}", parameter + "\"b c\""),
        Arguments.of("{\"kernelParameters\": [\"a\", \"é\"]}", parameter + "\"é\""),
        Arguments.of("{\"kernelParameters\": [\"a\", \"\"]}", parameter + "\"\""),
        Arguments.of(
            "{\"kernelParameters\": [\"a\", 1]}",
            "kernelParameters[1]: must be a string, found a number"),
        Arguments.of(
            "{\"layersMaxMiB\": -1}",
            "layersMaxMiB: must be an integer from 0 to 1073741824, found -1"),
        Arguments.of(
            "{\"startTimeoutSeconds\": 0}",
            "startTimeoutSeconds: must be an integer from 1 to 3600, found 0"),
        Arguments.of(
            "{\"startTimeoutSeconds\": 3601}",
            "startTimeoutSeconds: must be an integer from 1 to 3600, found 3601"),
        Arguments.of("{\"allow\": \"all\"}", "allow: must be an array, found a string"),
        Arguments.of(
            "{\"allow\": [\"vm.kernel.path\", 1]}", "allow[1]: must be a string, found a number"),
        Arguments.of(
            "{\"allow\": [\"vm.kernel\"]}",
            "allow[0]: is nothing that can be allowed; see docs/configuration.md for what can,"
                + " found \"vm.kernel\""),
        Arguments.of(
            "{\"memory\": 512}",
            "memory: is not a key of this file; see docs/configuration.md for those there are,"
                + " found 512"));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void refuses(String text, String problem) throws IOException {
    Path file = Files.writeString(folder.resolve("limpid.json"), text);

    ConfigurationException e =
        assertThrows(
            ConfigurationException.class,
            () -> LimpidConfiguration.load(Map.of("LIMPID_CONFIG", file.toString()), HOME));

    assertEquals(file + ": " + problem, e.getMessage());
  }

  @Test
  void saysWhereItIsNoJson() throws IOException {
    Path file = Files.writeString(folder.resolve("limpid.json"), "{\n  \"vcpus\": 1,\n}");

    ConfigurationException e =
        assertThrows(
            ConfigurationException.class,
            () -> LimpidConfiguration.load(Map.of("LIMPID_CONFIG", file.toString()), HOME));

    assertTrue(e.getMessage().startsWith(file + ":3:1: "), e.getMessage());
  }

  @Test
  void theFileOfTheVariableMustExist() {
    String file = folder.resolve("none.json").toString();

    ConfigurationException e =
        assertThrows(
            ConfigurationException.class,
            () -> LimpidConfiguration.load(Map.of("LIMPID_CONFIG", file), HOME));

    assertEquals("LIMPID_CONFIG: " + file + " does not exist", e.getMessage());
  }

  @Test
  void theFileOfTheVariableMustBeAFile() {
    ConfigurationException e =
        assertThrows(
            ConfigurationException.class,
            () -> LimpidConfiguration.load(Map.of("LIMPID_CONFIG", folder.toString()), HOME));

    assertEquals(folder + ": Is a directory", e.getMessage());
  }

  @Test
  void theDefaultFileNeedNotExist() {
    assumeFalse(Files.exists(Path.of("/etc/limpid/limpid.json")), "this host has one");

    assertEquals(LimpidConfiguration.defaults(HOME), LimpidConfiguration.load(Map.of(), HOME));
    assertEquals(
        LimpidConfiguration.defaults(HOME),
        LimpidConfiguration.load(Map.of("LIMPID_CONFIG", ""), HOME));
  }

  @Test
  void whatTheFileDoesNotSayIsAsItWas() throws IOException {
    Path file = Files.writeString(folder.resolve("limpid.json"), "{}");

    assertEquals(
        withFile(LimpidConfiguration.defaults(HOME), file),
        LimpidConfiguration.load(Map.of("LIMPID_CONFIG", file.toString()), HOME));
  }

  @Test
  void takesEveryKey() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("limpid.json"),
            """
            {
              "hypervisor": "/1", "virtiofsd": "/2", "passt": "/p", "shim": "/3", "kernel": "/4", "image": "/5",
              "layers": "/6", "layersMaxMiB": 1073741824,
              "template": "never", "templates": "/7", "accelerator": "tcg", "memoryMiB": 128, "hugepages": "1G",
              "vcpus": 256,
              "kernelParameters": ["a=b,c", "~"], "startTimeoutSeconds": 3600,
              "rootfs": "disk", "diskMiB": 4194304,
              "userNetwork": "passt",
              "allow": ["vm.image.path", "dev.limpid.memory", "vm.image.path"]
            }
            """);

    assertEquals(
        new LimpidConfiguration(
            Path.of("/1"),
            Path.of("/2"),
            Path.of("/p"),
            Path.of("/3"),
            Path.of("/4"),
            Path.of("/5"),
            Path.of("/6"),
            1 << 30,
            TemplateUse.NEVER,
            Path.of("/7"),
            "tcg",
            128,
            HugePages.OF_1_GIB,
            256,
            List.of("a=b,c", "~"),
            3600,
            RootfsMode.DISK,
            4194304,
            UserNetwork.PASST,
            Set.of(Permission.IMAGE_PATH, Permission.MEMORY),
            file),
        LimpidConfiguration.load(Map.of("LIMPID_CONFIG", file.toString()), HOME));
  }

  @Test
  void findsItsOwnFilesBelowItsHome() {
    LimpidConfiguration defaults = LimpidConfiguration.defaults(HOME);

    assertEquals(HOME.resolve("limpid-shim"), defaults.shim());
    assertEquals(HOME.resolve("vmlinux"), defaults.kernel());
    assertEquals(HOME.resolve("mini-os.erofs"), defaults.image());
  }

  @Test
  void whatIsNotAllowedIsRefusedWithWhatToDoAboutIt() throws IOException {
    Path file =
        Files.writeString(folder.resolve("limpid.json"), "{\"allow\": [\"vm.kernel.path\"]}");
    LimpidConfiguration configuration =
        LimpidConfiguration.load(Map.of("LIMPID_CONFIG", file.toString()), HOME);
    JsonCursor field =
        JsonCursor.root("config.json", new JsonString("/q")); // its path is tested elsewhere

    configuration.require(Permission.KERNEL_PATH, field);
    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class,
            () -> configuration.require(Permission.HYPERVISOR_PATH, field));

    assertEquals(
        "config.json: is not allowed: add \"vm.hypervisor.path\" to \"allow\" in "
            + file
            + ", found \"/q\"",
        e.getMessage());
  }

  private static LimpidConfiguration withFile(LimpidConfiguration c, Path file) {
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
        c.hugePages(),
        c.vcpus(),
        c.kernelParameters(),
        c.startTimeoutSeconds(),
        c.rootfs(),
        c.diskMiB(),
        c.userNetwork(),
        c.allow(),
        file);
  }
}
