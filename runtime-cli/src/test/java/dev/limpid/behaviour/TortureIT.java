package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.behaviour.Torture.Place;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What file systems promise, check by check beside runc on the same layers. Where they differ, the
 * table in docs/storage.md says why; a difference that is not in it is a failure, and so is one in
 * it that is none any more.
 */
@TestInstance(Lifecycle.PER_CLASS)
final class TortureIT {
  private static final int CHECKS_MIN = 300;

  private final Map<Place, Map<String, String>> expected = new EnumMap<>(Place.class);
  private Sandbox sandbox;
  private Torture torture;

  @BeforeAll
  void askRunc() throws Exception {
    sandbox = Sandbox.open();
    sandbox.allow("dev.limpid.rootfs");
    torture = Torture.in(sandbox);
    OciRuntime runc = OciRuntime.runc(Files.createDirectory(sandbox.path("runc")));
    for (Place place : Place.values()) {
      expected.put(place, torture.run(runc, "auto", place));
    }
  }

  @AfterAll
  void close() throws Exception {
    sandbox.close();
  }

  @Test
  void thereIsSomethingToCompare() {
    for (Map<String, String> said : expected.values()) {
      assertTrue(said.size() >= CHECKS_MIN, () -> said.size() + " checks");
      said.forEach(
          (check, answer) -> {
            assertTrue(!answer.isBlank(), check);
            assertTrue(!answer.contains("cannot go on"), () -> check + ": " + answer);
            assertTrue(!answer.contains("takes more than"), () -> check + ": " + answer);
          });
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"layers", "shared", "disk"})
  void theRootIsAsWithRunc(String way) throws Exception {
    compare(way, torture.run(sandbox.runtime(), way, Place.ROOT), expected.get(Place.ROOT));
  }

  @Test
  void aVolumeIsAsWithRunc() throws Exception {
    compare(
        "volume",
        torture.run(sandbox.runtime(), "shared", Place.VOLUME),
        expected.get(Place.VOLUME));
  }

  private static void compare(String where, Map<String, String> said, Map<String, String> other)
      throws Exception {
    assertEquals(new LinkedHashSet<>(other.keySet()), new LinkedHashSet<>(said.keySet()));
    Set<String> known = new TreeSet<>();
    if (OciRuntime.runsVirtualMachines()) {
      known.addAll(KnownDifferences.read(Path.of("../docs/storage.md")).of(where));
    }
    List<String> problems = new ArrayList<>();
    for (Map.Entry<String, String> check : said.entrySet()) {
      String name = check.getKey();
      boolean same = check.getValue().equals(other.get(name));
      if (!same && !known.contains(name)) {
        problems.add(name + "\n  runc: " + other.get(name) + "\n  here: " + check.getValue());
      } else if (same && known.contains(name)) {
        problems.add(name + ": is listed as a difference, and is none");
      }
      known.remove(name);
    }
    known.forEach(name -> problems.add(name + ": is listed as a difference, and is no check"));
    assertTrue(problems.isEmpty(), () -> where + ":\n" + String.join("\n", problems));
  }
}
