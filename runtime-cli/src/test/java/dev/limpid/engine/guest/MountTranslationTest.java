package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.Json;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.proto.GuestMount;
import dev.limpid.proto.GuestSocket;
import dev.limpid.proto.MountAttributes;
import dev.limpid.proto.MountFlag;
import dev.limpid.vm.mountinfo.HostMount;
import dev.limpid.vm.mountinfo.MountTable;
import dev.limpid.vm.rootfs.GuestPlace;
import dev.limpid.vm.shim.BindOptions;
import dev.limpid.vm.shim.IdentityMap;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is bound from the host comes by way of the shared folder; the rest is the guest's own. */
class MountTranslationTest {
  private Path bundle;

  @BeforeEach
  void prepare(@TempDir Path folder) throws IOException {
    bundle = folder.toRealPath();
    Files.createDirectories(bundle.resolve("data/sub"));
    Files.createFile(bundle.resolve("file"));
    Files.createSymbolicLink(bundle.resolve("link"), Path.of("data/sub"));
    Files.createSymbolicLink(bundle.resolve("dangling"), Path.of("none"));
    Path tight = Files.createDirectories(bundle.resolve("rootfs/tight"));
    Files.setAttribute(tight, "unix:mode", 02750);
  }

  static List<Arguments> wrong() {
    String kind =
        "must be a directory, a regular file or a socket: a pipe or device of the host can't be"
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
            "{'mounts':[{'destination':'/x','source':'x'}]}",
            "mounts[0].type: is required, but missing"),
        Arguments.of(
            "{'mounts':[{'destination':'/x','source':'data','options':['bind','size=1']}]}",
            "mounts[0].options[1]: can't be had: a bind has no options of a file system, found"
                + " \"size=1\""),
        Arguments.of(
            "{'mounts':[{'destination':'/x','source':'data','options':['bind','rshared']}]}",
            "mounts[0].options[1]: can't be had: what is mounted inside a virtual machine can't"
                + " appear on the host, found \"rshared\""),
        Arguments.of(
            "{'mounts':[{'destination':'/x','source':'data','options':['bind','tmpcopyup']}]}",
            "mounts[0].options[1]: can't be had: only a tmpfs is filled, found \"tmpcopyup\""),
        Arguments.of(
            "{'mounts':[{'destination':'/x','type':'ramfs','options':['tmpcopyup']}]}",
            "mounts[0].options[0]: can't be had: only a tmpfs is filled, found \"tmpcopyup\""),
        Arguments.of(
            "{'mounts':[{'destination':'/x','type':'tmpfs','options':['ridmap']}]}",
            "mounts[0].options: idmap: only a bind can be mapped"),
        Arguments.of(
            "{'mounts':[{'destination':'/x','type':'tmpfs','gidMappings':[{}]}]}",
            "mounts[0].gidMappings: only a bind can be mapped"),
        Arguments.of(
            "{'mounts':[{'destination':'/x','source':'data','options':['bind','idmap']}]}",
            "mounts[0]: can't be mapped: neither it nor linux has both uidMappings and"
                + " gidMappings"),
        Arguments.of(
            "{'mounts':[{'destination':'/x','source':'data','options':['bind'],'uidMappings':"
                + "[{'containerID':0,'hostID':1,'size':1}]}]}",
            "mounts[0]: can't be mapped: neither it nor linux has both uidMappings and"
                + " gidMappings"),
        Arguments.of(
            "{'mounts':[{'destination':'/p','type':'proc'},{'destination':'/x','source':'/dev/null','options':['bind']}]}",
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
  void givesSocketsAPlaceOfTheirOwn() throws IOException {
    Path file = bundle.resolve("socket");
    try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.bind(UnixDomainSocketAddress.of(file));
      Files.setAttribute(file, "unix:mode", 0640);
      int own = (Integer) Files.getAttribute(file, "unix:uid");
      Surroundings joined = new Surroundings(new GuestPlace(3), Map.of(), Optional.empty());
      String mapping = "[{'containerID':" + own + ",'hostID':4000000000,'size':1}]";
      String elsewhere = "[{'containerID':" + (own + 1) + ",'hostID':7,'size':9}]";

      MountTranslation.Result result =
          translate(
              "{'mounts':[{'destination':'/d','type':'bind','source':'data'},"
                  + "{'destination':'/x','type':'bind','source':'socket','options':['ro']},"
                  + "{'destination':'/y','source':'socket','options':['bind'],"
                  + ("'uidMappings':" + mapping + ",'gidMappings':" + elsewhere + "}]}"),
              new MountTable(List.of()),
              joined);

      assertEquals(1, result.sources().size());
      assertEquals(
          List.of(
              new HostSocket(
                  file, new GuestSocket("/run/limpid/joined/3/sockets/0", 0640, own, own)),
              new HostSocket(
                  file,
                  new GuestSocket("/run/limpid/joined/3/sockets/1", 0640, 4000000000L, 65534))),
          result.sockets());
      assertEquals(
          Json.of(
              "[{'destination':'/d','type':'bind','source':'/run/limpid/joined/3/share/volume0',"
                  + "'options':['bind','private']},"
                  + "{'destination':'/x','type':'bind','source':'/run/limpid/joined/3/sockets/0',"
                  + "'options':['bind','private','ro']},"
                  + "{'destination':'/y','source':'/run/limpid/joined/3/sockets/1',"
                  + "'options':['bind','private']}]"),
          result.mounts());
    }
  }

  @Test
  void refusesTooManySockets() throws IOException {
    try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.bind(UnixDomainSocketAddress.of(bundle.resolve("socket")));
      String mount = "{'destination':'/x','type':'bind','source':'socket'}";
      MountTable none = new MountTable(List.of());

      assertEquals(
          64,
          translate("{'mounts':[" + mount + ("," + mount).repeat(63) + "]}", none)
              .socketPlaces()
              .size());
      InvalidSpecException e =
          assertThrows(
              InvalidSpecException.class,
              () -> translate("{'mounts':[" + mount + ("," + mount).repeat(64) + "]}", none));
      assertEquals(
          "config.json: mounts[64].source: is a socket; a container can have 64 of the host's",
          e.getMessage());
    }
  }

  static List<Arguments> translated() {
    return List.of(
        Arguments.of("{}", "[]", List.of()),
        Arguments.of("{'mounts':null}", "[]", List.of()),
        Arguments.of(
            "{'mounts':[{'destination':'/proc','type':'proc','source':'proc','x':[1]}]}",
            "[{'destination':'/proc','type':'proc','source':'proc','x':[1],'options':['defaults']}]",
            List.of()),
        Arguments.of(
            "{'mounts':[{'destination':'/dev/shm','type':'tmpfs','source':'shm','options':['size=1']}]}",
            "[{'destination':'/dev/shm','type':'tmpfs','source':'shm','options':['size=1']}]",
            List.of()),
        // Without a word of its own it has the permissions of the directory, which a test can see.
        Arguments.of(
            "{'mounts':[{'destination':'/open/../tight','type':'tmpfs','options':['size=1']}]}",
            "[{'destination':'/tight','type':'tmpfs','options':['size=1','mode=2750']}]",
            List.of()),
        Arguments.of(
            "{'mounts':[{'destination':'/tight','type':'tmpfs','options':['size=1,mode=700']}]}",
            "[{'destination':'/tight','type':'tmpfs','options':['size=1,mode=700']}]",
            List.of()),
        Arguments.of(
            "{'mounts':[{'destination':'/tight','type':'ramfs'},"
                + "{'destination':'/tight','type':'tmpfs'}]}",
            "[{'destination':'/tight','type':'ramfs','options':['defaults']},"
                + "{'destination':'/tight','type':'tmpfs','options':['defaults']}]",
            List.of()),
        Arguments.of(
            "{'mounts':[{'destination':'/d','type':'tmpfs','options':['remount','ro']}]}",
            "[{'destination':'/d','type':'none','source':'/','options':['ro','remount']}]",
            List.of()),
        Arguments.of(
            "{'mounts':[{'destination':'/d','type':'bind','source':'data','future':{'a':1}}]}",
            "[{'destination':'/d','type':'bind','source':'/run/limpid/share/volume0','future':{'a':1},'options':['bind','private']}]",
            List.of("data volume0 bind")),
        Arguments.of(
            "{'mounts':[{'destination':'/d','source':'BUNDLE/data','options':['rbind','ro','nosuid']}]}",
            "[{'destination':'/d','source':'/run/limpid/share/volume0','options':['rbind','private','ro','nosuid']}]",
            List.of("data volume0 rbind,ro")),
        Arguments.of(
            "{'mounts':[{'destination':'/d','source':'data','options':['rbind','rro','rslave']}]}",
            "[{'destination':'/d','source':'/run/limpid/share/volume0','options':['rbind','private','ro']}]",
            List.of("data volume0 rbind,ro,slave")),
        Arguments.of(
            "{'mounts':[{'destination':'/d','source':'data','options':['ro','rbind','slave','rprivate','rw']}]}",
            "[{'destination':'/d','source':'/run/limpid/share/volume0','options':['rbind','private']}]",
            List.of("data volume0 rbind")),
        Arguments.of(
            "{'mounts':[{'destination':'/d','type':'none','source':'file','options':['bind']}]}",
            "[{'destination':'/d','type':'none','source':'/run/limpid/share/volume0','options':['bind','private']}]",
            List.of("file volume0 bind")),
        Arguments.of(
            "{'mounts':[{'destination':'/d','source':'link','options':['bind','rw']}]}",
            "[{'destination':'/d','source':'/run/limpid/share/volume0','options':['bind','private']}]",
            List.of("data/sub volume0 bind")),
        Arguments.of(
            "{'mounts':[{'destination':'/b','type':'bind','source':'data'},"
                + "{'destination':'/proc','type':'proc'},"
                + "{'destination':'/a','type':'bind','source':'data'}]}",
            "[{'destination':'/b','type':'bind','source':'/run/limpid/share/volume0','options':['bind','private']},"
                + "{'destination':'/proc','type':'proc','options':['defaults']},"
                + "{'destination':'/a','type':'bind','source':'/run/limpid/share/volume1','options':['bind','private']}]",
            List.of("data volume0 bind", "data volume1 bind")),
        Arguments.of(
            "{'mounts':[{'destination':'/dev/shm','type':'bind','source':'data'}]}",
            "[{'destination':'/dev/shm','type':'bind','source':'/run/limpid/share/volume0','options':['bind','private']}]",
            List.of("data volume0 bind")));
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
            "[{'destination':'/dev/shm','type':'bind','source':'/run/limpid/shm',"
                + "'options':['rbind','private','nosuid','noexec','nodev']},"
                + "{'destination':'/x','type':'bind','source':'/run/limpid/share/volume0','options':['bind','private']}]"),
        result.mounts());
    assertEquals(List.of(source("data/sub volume0 bind")), result.sources());
    assertEquals(Optional.of(sharedMemory("/run/limpid/shm", size)), result.sharedMemory());
  }

  @Test
  void sharedMemoryIsSharedInAGuestThatHasIt() throws IOException {
    MountTable mounts =
        new MountTable(
            List.of(
                new HostMount(
                    "0:1", Path.of("/"), bundle.resolve("data/sub"), false, "tmpfs", "rw"),
                new HostMount("0:2", Path.of("/"), bundle.resolve("data"), false, "tmpfs", "rw")));
    long size = Files.getFileStore(bundle).getTotalSpace();
    Surroundings around =
        new Surroundings(new GuestPlace(3), Map.of(), Optional.of(bundle.resolve("data/sub")));
    String config = "{'mounts':[{'destination':'/dev/shm','type':'bind','source':'%s'}]}";

    MountTranslation.Result shared = translate(config.formatted("link"), mounts, around);
    assertEquals(
        Json.of(
            "[{'destination':'/dev/shm','type':'bind','source':'/run/limpid/shm',"
                + "'options':['bind','private','nosuid','noexec','nodev']}]"),
        shared.mounts());
    assertEquals(Optional.empty(), shared.sharedMemory());

    MountTranslation.Result own = translate(config.formatted("data"), mounts, around);
    assertEquals(Optional.of(sharedMemory("/run/limpid/joined/3/shm", size)), own.sharedMemory());
  }

  private static GuestMount sharedMemory(String target, long size) {
    return new GuestMount(
        "tmpfs",
        "shm",
        target,
        Set.of(MountFlag.NOSUID, MountFlag.NODEV, MountFlag.NOEXEC),
        "mode=1777,size=" + size);
  }

  static List<Arguments> mapped() {
    String own = "'uidMappings':[{'containerID':0,'hostID':7,'size':2}],'gidMappings':[ONE,TWO]";
    String groups = "1 8 3\n5 9 4294967295\n";
    return List.of(
        Arguments.of("bind", own, "0 7 2\n", groups, false),
        Arguments.of("bind,idmap", own, "0 7 2\n", groups, false),
        Arguments.of("rbind,ridmap", own, "0 7 2\n", groups, true),
        Arguments.of("bind,idmap", "'uidMappings':[]", "0 100 9\n", "0 200 9\n", false));
  }

  @ParameterizedTest
  @MethodSource("mapped")
  void mapsOwnersOnTheHost(
      String options, String members, String users, String groups, boolean recursive) {
    MountTranslation.Result result =
        translate(
            ("{'linux':{'uidMappings':[{'containerID':0,'hostID':100,'size':9}],"
                    + "'gidMappings':[{'containerID':0,'hostID':200,'size':9}]},"
                    + "'mounts':[{'destination':'/d','source':'data','options':['"
                    + options.replace(",", "','")
                    + "'],MEMBERS}]}")
                .replace("MEMBERS", members)
                .replace("ONE", "{'containerID':1,'hostID':8,'size':3}")
                .replace("TWO", "{'containerID':5,'hostID':9,'size':4294967295}"),
            new MountTable(List.of()));

    assertEquals(
        Optional.of(new IdentityMap(users, groups, recursive)),
        result.sources().get(0).options().identities());
    String guest = result.mounts().toString();
    assertFalse(guest.contains("idmap") || guest.contains("Mappings"), guest);
  }

  static List<Arguments> attributes() {
    return List.of(
        Arguments.of("", "'ro','rprivate','rslave','symfollow'", "[]"),
        Arguments.of("", "'rnosymfollow'", "[NOSYMFOLLOW]"),
        Arguments.of("", "'shared'", "[SHARED, REC]"),
        Arguments.of("", "'shared','private'", "[]"),
        Arguments.of("", "'rprivate','unbindable'", "[UNBINDABLE]"),
        Arguments.of("rprivate", "'slave'", "[]"),
        Arguments.of("rshared", "'ro'", "[]"),
        Arguments.of("rshared", "'rslave','nosymfollow'", "[NOSYMFOLLOW, SLAVE]"),
        Arguments.of("slave", "'private'", "[PRIVATE]"));
  }

  @ParameterizedTest
  @MethodSource("attributes")
  void leavesToTheAgentWhatCrunCannotDo(String root, String options, String attributes) {
    MountTranslation.Result result =
        translate(
            "{'linux':{'rootfsPropagation':'"
                + root
                + "'},'mounts':[{'destination':'/t','type':'tmpfs','options':["
                + options
                + "]}]}",
            new MountTable(List.of()));

    StringBuilder found = new StringBuilder();
    for (MountAttributes mount : result.attributes()) {
      assertEquals("/t", mount.target());
      found.append(mount.attributes());
    }
    assertEquals(attributes, found.isEmpty() ? "[]" : found.toString());
  }

  private MountTranslation.Result translate(String config, MountTable mounts) {
    return translate(config, mounts, Surroundings.NONE);
  }

  private MountTranslation.Result translate(String config, MountTable mounts, Surroundings around) {
    String complete =
        config.contains("'linux'")
            ? config
            : "{'linux':{}" + (config.equals("{}") ? "" : ",") + config.substring(1);
    return new MountTranslation(bundle, bundle.resolve("rootfs"), around, mounts)
        .translate(Json.config(complete.replace("BUNDLE", bundle.toString())));
  }

  private SharedSource source(String text) {
    String[] words = text.split(" ", -1);
    List<String> options = List.of(words[2].split(",", -1));
    return new SharedSource(
        bundle.resolve(words[0]),
        words[1],
        new BindOptions(
            options.contains("rbind"),
            options.contains("ro"),
            options.contains("slave"),
            Optional.empty()));
  }
}
