package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonCursor;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Overlays: a container finds in its layers what the host has there, and the host has it once. */
class LayersIT extends Behaviour {
  private static final String OVERLAY = "redirect_dir=on,metacopy=on,index=off";
  private static final String CAPABILITIES =
      "bounding,effective,permitted"; // trusted.* attributes, other people's files

  /** More VMs, larger images and more deaths than there is time for every day. */
  private static final boolean THOROUGH = Boolean.getBoolean("limpid.thorough");

  /** When a verb that makes an image is killed. */
  private enum Moment {
    /** Early or late, by chance. */
    ANY,
    /** Its image is complete, but has no name yet. */
    WRITTEN,
    /** What it was made of has been written down under its name: its image is about to get its. */
    RECORDED,
    /** Its image has just got its name. */
    NAMED
  }

  private static DebianRootfs debian;

  @BeforeAll
  static void unpack() throws Exception {
    debian = DebianRootfs.unpack();
  }

  @AfterAll
  static void remove() throws Exception {
    debian.remove();
  }

  @Test
  void aLayerWithEveryOddKindOfFileIsWhatItIsOnTheHost() throws Exception {
    Path tree = Path.of(sandbox().helper("tree.py").get(1));
    Path odd = layer("odd");
    Path inside = Files.createDirectory(odd.resolve("odd"));
    Files.copy(tree, odd.resolve("tree.py"));
    succeed(sandbox().helper("odd_layer.py", inside.toString()));
    // An engine makes layers of what containers have written over others.
    Path changed = layer("changed");
    Path work = Files.createDirectory(sandbox().path("work"));
    Path before = Files.createDirectory(sandbox().path("before"));
    succeed(
        List.of(
            "mount",
            "-t",
            "overlay",
            "overlay",
            "-o",
            "lowerdir=" + odd + ",upperdir=" + changed + ",workdir=" + work + "," + OVERLAY,
            before.toString()));
    try {
      succeed(sandbox().helper("odd_layer.py", "--change", before.resolve("odd").toString()));
    } finally {
      succeed(List.of("umount", before.toString()));
    }
    Path merged = overlay(List.of(changed, odd, debian.directory()), OVERLAY);
    String expected = succeed(List.of("chroot", merged.toString(), "python3", "/tree.py", "/odd"));
    Path bundle =
        sandbox()
            .bundle()
            .root(root -> root.with("path", merged.toString()))
            .capabilities(List.of(CAPABILITIES.split(",", -1)), "CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE")
            .args("python3", "/tree.py", "/odd")
            .write();
    String id = sandbox().id();
    Path output = runtime().createAndStart(id, bundle);
    runtime().awaitStatus(id, "stopped");

    assertEquals(
        List.of(expected.split("\n", -1)), List.of(OciRuntime.text(output).split("\n", -1)));
    assertTrue(expected.contains("/odd/moved/file"), expected);
    assertFalse(expected.contains("/odd/removed"), expected);
    assertFalse(expected.contains("/odd/replaced/old"), expected);
  }

  @Test
  void ofAHundredLayersAllAreThere() throws Exception {
    List<Path> lowers = new ArrayList<>();
    for (int i = 0; i < 99; i++) {
      Path lower = layer("layer-" + i);
      Path many = Files.createDirectory(lower.resolve("many"));
      Files.writeString(many.resolve("of-" + i), "of " + i + "\n");
      Files.writeString(many.resolve("in-tens-" + i / 10), "from " + i + "\n");
      if (i % 7 == 3) {
        // Removes what one far below has, and one just below.
        succeed(List.of("mknod", many.resolve("of-" + (i + 50)).toString(), "c", "0", "0"));
        succeed(List.of("mknod", many.resolve("of-" + (i + 1)).toString(), "c", "0", "0"));
      }
      lowers.add(lower);
    }
    Path base = layer("base");
    TestBundle.fillRootfs(base);
    lowers.add(base);
    Path merged = overlay(lowers, "index=off");
    String script = "cd /many && for i in *; do echo \"$i: $(cat $i)\"; done";
    String expected = succeed(List.of("chroot", merged.toString(), "/bin/sh", "-c", script));
    Path bundle =
        sandbox()
            .bundle()
            .root(root -> root.with("path", merged.toString()))
            .script(script)
            .write();
    String id = sandbox().id();
    Path output = runtime().createAndStart(id, bundle);
    runtime().awaitStatus(id, "stopped");

    assertEquals(expected, OciRuntime.text(output));
    assertTrue(expected.contains("of-98: of 98\n") && !expected.contains("of-4:"), expected);
  }

  @Test
  @VmOnly
  void whatAHundredLayersTakeIsBounded() throws Exception {
    List<Path> lowers = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      Path lower = layer("layer-" + i);
      Files.writeString(lower.resolve("of-" + i), "of " + i + "\n");
      lowers.add(lower);
    }
    TestBundle.fillRootfs(lowers.get(39));
    Path bundle = bundleOf(lowers, "cat /of-*; cat /proc/mounts");
    String id = sandbox().id();
    Path output = runtime().createAndStart(id, bundle);
    runtime().awaitStatus(id, "stopped");

    String said = OciRuntime.text(output);
    assertTrue(said.contains("of 0\n") && said.contains("of 39\n"), said);
    List<JsonCursor> layers = layers();
    assertEquals(9, layers.size());
    int sources = 0;
    for (JsonCursor layer : layers) {
      sources += layer.required("sources").elements().size();
    }
    assertEquals(40, sources);
  }

  @Test
  @VmOnly
  void thePagesOfALayerAreInMemoryOnce() throws Exception {
    int count = THOROUGH ? 20 : 3;
    int mebibytes = THOROUGH ? 300 : 40;
    Path layer = layer("large");
    TestBundle.fillRootfs(layer);
    byte[] random = new byte[1 << 20];
    new Random(1).nextBytes(random);
    try (var file = Files.newOutputStream(layer.resolve("large"))) {
      for (int i = 0; i < mebibytes; i++) {
        file.write(random);
      }
    }
    List<String> ids = new ArrayList<>();
    long one = 0;
    for (int i = 0; i < count; i++) {
      Path bundle = bundleOf(List.of(layer), "md5sum /large; exec sleep 1000");
      String id = sandbox().id();
      ids.add(id);
      Path output = runtime().createAndStart(id, bundle);
      Await.until(id + " has read", () -> OciRuntime.text(output).endsWith("  /large\n"));
      if (i == 0) {
        one = layerPss();
      }
    }
    long all = layerPss();
    System.out.println(
        count + " VMs have mapped " + all / 1024 + " MiB of layers, one " + one / 1024 + " MiB");

    assertTrue(one * 1024 >= (long) mebibytes << 20, "one has read it all: " + one + " KiB");
    assertTrue(all * 10 <= one * 11 && all * 10 >= one * 9, all + " KiB of all, " + one);
    for (String id : ids) {
      assertEquals("running", runtime().status(id), id);
    }
    assertEquals(ids.stream().sorted().toList(), users(layers().get(0)));
  }

  @Test
  @VmOnly
  void twoThatNeedALayerAtOnceShareOneImageUntilBothAreGone() throws Exception {
    Path layer = layer("both");
    TestBundle.fillRootfs(layer);
    List<String> ids = List.of(sandbox().id(), sandbox().id());
    List<Process> creates = new ArrayList<>();
    for (String id : ids) {
      Path bundle = bundleOf(List.of(layer), "exec sleep 1000");
      creates.add(
          sandbox()
              .start(
                  runtime()
                      .verb("create", "--bundle", bundle.toString(), id)
                      .redirectInput(Path.of("/dev/null").toFile())
                      .redirectErrorStream(true)
                      .redirectOutput(sandbox().path("output").toFile())));
    }
    for (Process create : creates) {
      assertTrue(create.waitFor(100, TimeUnit.SECONDS));
      assertEquals(0, create.exitValue());
    }

    assertEquals(1, layers().size());
    assertEquals(ids.stream().sorted().toList(), users(layers().get(0)));
    runtime().call("layers", "verify").succeeded();
    runtime().call("delete", "--force", ids.get(0)).succeeded();
    assertEquals(
        "0 removed, 0 B freed\n", runtime().call("layers", "prune", "--all").succeeded().out());
    assertEquals(List.of(ids.get(1)), users(layers().get(0)));
    runtime().call("delete", "--force", ids.get(1)).succeeded();
    String pruned = runtime().call("layers", "prune", "--all").succeeded().out();
    assertTrue(pruned.contains("\n1 removed, "), pruned);
    assertEquals(List.of(), layers());
  }

  @Test
  @VmOnly
  void whereverAVerbIsKilledTheStoreIsSound() throws Exception {
    int deaths = THOROUGH ? 50 : 8;
    Path layer = layer("large");
    TestBundle.fillRootfs(layer);
    byte[] random = new byte[60 << 20];
    new Random(2).nextBytes(random);
    Files.write(layer.resolve("large"), random);
    Path bundle = bundleOf(List.of(layer), "exec sleep 1000");
    Path store = sandbox().directory().resolve("layers");
    int whole = 0;
    int aside = 0;
    for (int i = 0; i < deaths; i++) {
      Moment moment = Moment.values()[i % Moment.values().length];
      String id = sandbox().id();
      Process create =
          sandbox()
              .start(
                  runtime()
                      .verb("create", "--bundle", bundle.toString(), id)
                      .redirectInput(Path.of("/dev/null").toFile())
                      .redirectErrorStream(true)
                      .redirectOutput(sandbox().path("output").toFile()));
      await(moment, create, store);
      create.destroyForcibly().waitFor();
      Await.until("mkfs.erofs has ended", () -> builders(store).isEmpty());
      runtime().call("layers", "verify").succeeded();
      List<String> left = Sandbox.entries(store);
      boolean named = has(left, ".erofs");
      boolean recorded = has(left, ".json");
      assertTrue(recorded || !named, left::toString);
      assertTrue(recorded || moment.compareTo(Moment.RECORDED) < 0, moment + ": " + left);
      assertTrue(named || moment != Moment.NAMED, moment + ": " + left);
      if (named) {
        whole++;
        runtime().call("delete", "--force", id);
        Await.until("its VM has ended", () -> users(layers().get(0)).isEmpty());
      } else if (left.size() > 1) {
        aside++;
      }
      if (recorded) {
        runtime().call("layers", "prune", "--all").succeeded();
        assertEquals(List.of("lock"), Sandbox.entries(store));
      }
      runtime().call("delete", "--force", id);
    }
    System.out.println(deaths + " deaths: " + whole + " images, " + aside + " things left aside");

    String id = sandbox().id();
    runtime().createAndStart(id, bundle);
    String uuid = layers().get(0).requiredString("uuid");
    assertEquals(
        List.of("lock", uuid + ".erofs", uuid + ".json").stream().sorted().toList(),
        Sandbox.entries(store));
    runtime().call("layers", "verify").succeeded();
  }

  /** Returns at that moment, or when the verb has ended by itself. */
  private static void await(Moment moment, Process create, Path store) throws Exception {
    switch (moment) {
      case ANY -> {
        // From when there is something in the store on, which is when it becomes interesting.
        while (create.isAlive() && names(store).size() < 2) {
          TimeUnit.MILLISECONDS.sleep(1);
        }
        TimeUnit.MILLISECONDS.sleep(new Random().nextInt(1000));
      }
      case WRITTEN -> {
        while (create.isAlive() && builders(store).isEmpty()) {
          Thread.onSpinWait();
        }
        while (create.isAlive() && !builders(store).isEmpty()) {
          Thread.onSpinWait();
        }
      }
      case RECORDED -> awaitName(".json", create, store);
      case NAMED -> awaitName(".erofs", create, store);
    }
  }

  private static void awaitName(String suffix, Process create, Path store) {
    while (create.isAlive() && !has(names(store), suffix)) {
      Thread.onSpinWait();
    }
  }

  /** What is in the store now; entries come and go meanwhile. */
  private static List<String> names(Path store) {
    String[] names = store.toFile().list();
    return names == null ? List.of() : List.of(names);
  }

  private static boolean has(List<String> names, String suffix) {
    return names.stream().anyMatch(name -> name.endsWith(suffix));
  }

  private static List<String> builders(Path store) throws IOException {
    List<String> found = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : all) {
        try {
          String line = Files.readString(process.resolve("cmdline")).replace('\0', ' ');
          if (line.contains("mkfs.erofs") && line.contains(store.toString())) {
            found.add(line);
          }
        } catch (IOException gone) {
          // That one is not in the way.
        }
      }
    }
    return found;
  }

  /** What the VMs' mappings of images of layers weigh together, in KiB. */
  private long layerPss() throws IOException {
    long total = 0;
    String store = sandbox().directory().resolve("layers").toString();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : all) {
        boolean ours = false;
        try {
          for (String line : Files.readAllLines(process.resolve("smaps"))) {
            if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
              ours = line.contains(store);
            } else if (ours && line.startsWith("Pss:")) {
              total += Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
          }
        } catch (IOException gone) {
          // It weighs nothing.
        }
      }
    }
    return total;
  }

  private List<JsonCursor> layers() throws Exception {
    return Json.read(runtime().call("layers", "list", "--format", "json").succeeded().out())
        .elements();
  }

  private static List<String> users(JsonCursor layer) {
    return layer.required("users").asStrings();
  }

  private Path bundleOf(List<Path> lowers, String script) throws Exception {
    Path merged = overlay(lowers, "index=off");
    return sandbox()
        .bundle()
        .root(root -> root.with("path", merged.toString()))
        .script(script)
        .write();
  }

  /** A directory where engines have those of their layers, by a short name. */
  private Path layer(String name) throws IOException {
    return Files.createDirectories(sandbox().directory().resolve("overlay2").resolve(name));
  }

  /** Mounts an overlay as engines do: with names relative to what holds the layers. */
  private Path overlay(List<Path> lowers, String options) throws Exception {
    Path base = sandbox().directory().resolve("overlay2");
    Path container = Files.createDirectory(base.resolve(sandbox().path("c").getFileName()));
    for (String name : List.of("diff", "work", "merged")) {
      Files.createDirectory(container.resolve(name));
    }
    List<String> names = new ArrayList<>();
    for (Path lower : lowers) {
      names.add(lower.startsWith(base) ? base.relativize(lower).toString() : lower.toString());
    }
    String upper = container.getFileName() + "/diff";
    sandbox()
        .hostCommand(
            List.of(
                "sh",
                "-c",
                "cd \"$1\" && exec mount -t overlay overlay -o \"$2\" \"$3\"",
                "sh",
                base.toString(),
                "lowerdir="
                    + String.join(":", names)
                    + ",upperdir="
                    + upper
                    + ",workdir="
                    + container.getFileName()
                    + "/work,"
                    + options,
                container.resolve("merged").toString()),
            List.of("umount", container.resolve("merged").toString()));
    return container.resolve("merged");
  }

  private String succeed(List<String> command) throws Exception {
    return runtime().toEnd(new ProcessBuilder(command)).succeeded().out();
  }
}
