package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.Json;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.vm.mountinfo.HostMount;
import dev.limpid.vm.mountinfo.MountTable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is bound from the host comes by way of the shared folder; the rest is the guest's own. */
class MountTranslationTest {
  private static final Path SHARE = Path.of("/run/limpid/share");

  private Path bundle;

  @BeforeEach
  void prepare(@TempDir Path folder) throws IOException {
    bundle = folder.toRealPath();
    Files.createDirectories(bundle.resolve("data/sub"));
    Files.createFile(bundle.resolve("file"));
    Files.createSymbolicLink(bundle.resolve("link"), Path.of("data/sub"));
    Files.createSymbolicLink(bundle.resolve("dangling"), Path.of("none"));
  }

  static List<Arguments> wrong() {
    String kind =
        "must be a directory or a regular file: a socket, pipe or device of the host can't be"
            + " reached from inside a virtual machine, found ";
    return List.of(
        Arguments.of("{'mounts':{}}", "mounts: must be an array, found an object"),
        Arguments.of("{'mounts':[1]}", "mounts[0]: must be an object, found a number"),
        Arguments.of(
            "{'mounts':[{'destination':'/x','type':'bind'}]}",
            "mounts[0].source: is required, but missing"),
        Arguments.of(
            "{'mounts':[{'destination':'/x','type':'bind','source':'none'}]}",
            "mounts[0].source: no such file or directory on the host, found \"none\""),
        Arguments.of(
            "{'mounts':[{'destination':'/x','source':'dangling','options':['rbind']}]}",
            "mounts[0].source: no such file or directory on the host, found \"dangling\""),
        Arguments.of(
            "{'mounts':[{'destination':'/x','source':'file/x','options':['bind']}]}",
            "mounts[0].source: no such file or directory on the host, found \"file/x\""),
        Arguments.of(
            "{'mounts':[{'destination':'/x','type':'overlay','options':['lowerdir=/a:/b']}]}",
            "mounts[0].type: can't be mounted: its source would be one of the virtual machine, not"
                + " of the host; must be bind, or one of proc, sysfs, tmpfs, devpts, mqueue,"
                + " cgroup, cgroup2, ramfs, hugetlbfs, binfmt_misc, bpf, securityfs, tracefs,"
                + " debugfs, configfs, devtmpfs, found \"overlay\""),
        Arguments.of(
            "{'mounts':[{'destination':'/p'},{'destination':'/x','source':'/dev/null','options':['bind']}]}",
            "mounts[1].source: " + kind + "\"/dev/null\""));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void refuses(String config, String problem) {
    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class, () -> translate(config, new MountTable(List.of())));

    assertEquals("config.json: " + problem, e.getMessage());
  }

  @Test
  void refusesMoreThanTheGuestsCrunCanMake() {
    String mount = "{'destination':'/x','type':'tmpfs'}";
    MountTable none = new MountTable(List.of());

    assertEquals(
        1000,
        translate("{'mounts':[" + mount + ("," + mount).repeat(999) + "]}", none)
            .mounts()
            .elements()
            .size());
    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class,
            () -> translate("{'mounts':[" + mount + ("," + mount).repeat(1000) + "]}", none));
    assertEquals(
        "config.json: mounts: has 1001 elements; a container in a virtual machine can have 1000",
        e.getMessage());
  }

  @Test
  void refusesSockets() throws IOException {
    try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.bind(UnixDomainSocketAddress.of(bundle.resolve("socket")));

      assertThrows(
          InvalidSpecException.class,
          () ->
              translate(
                  "{'mounts':[{'destination':'/x','type':'bind','source':'socket'}]}",
                  new MountTable(List.of())));
    }
  }

  static List<Arguments> translated() {
    return List.of(
        Arguments.of("{}", "[]", List.of()),
        Arguments.of("{'mounts':null}", "[]", List.of()),
        Arguments.of(
            "{'mounts':[{'destination':'/proc','type':'proc','source':'proc','x':[1]}]}",
            "[{'destination':'/proc','type':'proc','source':'proc','x':[1]}]",
            List.of()),
        Arguments.of(
            "{'mounts':[{'destination':'/dev/shm','type':'tmpfs','source':'shm','options':['size=1']}]}",
            "[{'destination':'/dev/shm','type':'tmpfs','source':'shm','options':['size=1']}]",
            List.of()),
        Arguments.of(
            "{'mounts':[{'destination':'/d','type':'bind','source':'data','future':{'a':1}}]}",
            "[{'destination':'/d','type':'bind','source':'/run/limpid/share/volume0','future':{'a':1},'options':['bind']}]",
            List.of("data volume0 bind rw")),
        Arguments.of(
            "{'mounts':[{'destination':'/d','source':'BUNDLE/data','options':['rbind','ro','nosuid']}]}",
            "[{'destination':'/d','source':'/run/limpid/share/volume0','options':['rbind','ro','nosuid']}]",
            List.of("data volume0 rbind ro")),
        Arguments.of(
            "{'mounts':[{'destination':'/d','source':'data','options':['rbind','rro']}]}",
            "[{'destination':'/d','source':'/run/limpid/share/volume0','options':['rbind','rro']}]",
            List.of("data volume0 rbind ro")),
        Arguments.of(
            "{'mounts':[{'destination':'/d','type':'none','source':'file','options':['bind']}]}",
            "[{'destination':'/d','type':'none','source':'/run/limpid/share/volume0','options':['bind']}]",
            List.of("file volume0 bind rw")),
        Arguments.of(
            "{'mounts':[{'destination':'/d','source':'link','options':['bind','rw']}]}",
            "[{'destination':'/d','source':'/run/limpid/share/volume0','options':['bind','rw']}]",
            List.of("data/sub volume0 bind rw")),
        Arguments.of(
            "{'mounts':[{'destination':'/b','type':'bind','source':'data'},"
                + "{'destination':'/proc','type':'proc'},"
                + "{'destination':'/a','type':'bind','source':'data'}]}",
            "[{'destination':'/b','type':'bind','source':'/run/limpid/share/volume0','options':['bind']},"
                + "{'destination':'/proc','type':'proc'},"
                + "{'destination':'/a','type':'bind','source':'/run/limpid/share/volume1','options':['bind']}]",
            List.of("data volume0 bind rw", "data volume1 bind rw")),
        Arguments.of(
            "{'mounts':[{'destination':'/dev/shm','type':'bind','source':'data'}]}",
            "[{'destination':'/dev/shm','type':'bind','source':'/run/limpid/share/volume0','options':['bind']}]",
            List.of("data volume0 bind rw")));
  }

  @ParameterizedTest
  @MethodSource("translated")
  void translates(String config, String mounts, List<String> sources) {
    MountTranslation.Result result = translate(config, new MountTable(List.of()));

    assertEquals(Json.of(mounts), result.mounts());
    assertEquals(sources.stream().map(this::source).toList(), result.sources());
  }

  @Test
  void aTmpfsForSharedMemoryBecomesOneOfTheGuest() throws IOException {
    MountTable mounts =
        new MountTable(
            List.of(
                new HostMount(
                    "0:1", Path.of("/"), bundle.resolve("data/sub"), false, "tmpfs", "rw"),
                new HostMount("0:2", Path.of("/"), bundle.resolve("data"), false, "ext4", "rw")));
    long size = Files.getFileStore(bundle).getTotalSpace();

    MountTranslation.Result result =
        translate(
            "{'mounts':[{'destination':'/dev/shm','type':'bind','source':'link','options':['rbind']},"
                + "{'destination':'/x','type':'bind','source':'link'}]}",
            mounts);

    assertEquals(
        Json.of(
            "[{'destination':'/dev/shm','type':'tmpfs','source':'shm',"
                + "'options':['nosuid','noexec','nodev','mode=1777','size="
                + size
                + "']},{'destination':'/x','type':'bind','source':'/run/limpid/share/volume0','options':['bind']}]"),
        result.mounts());
    assertEquals(List.of(source("data/sub volume0 bind rw")), result.sources());
  }

  private MountTranslation.Result translate(String config, MountTable mounts) {
    return new MountTranslation(bundle, SHARE, mounts)
        .translate(Json.config(config.replace("BUNDLE", bundle.toString())));
  }

  private SharedSource source(String text) {
    String[] words = text.split(" ", -1);
    return new SharedSource(
        bundle.resolve(words[0]), words[1], words[2].equals("rbind"), words[3].equals("ro"));
  }
}
