package dev.limpid.oci.features;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.oci.json.JsonWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The features document has the shape of features.md and features-linux.md. */
class FeaturesTest {
  private static final SeccompFeatures SECCOMP =
      new SeccompFeatures(
          true,
          List.of("SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"),
          List.of("SCMP_CMP_EQ"),
          List.of("SCMP_ARCH_X86_64"),
          List.of("SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"),
          List.of("SECCOMP_FILTER_FLAG_LOG"));

  @Test
  void hasEveryMember() {
    Map<String, String> annotations = new LinkedHashMap<>();
    annotations.put("dev.limpid.version", "0.1.0");
    annotations.put("dev.limpid.commit", "0afcdff");
    Features features =
        new Features(
            "1.0.0",
            "1.2.0",
            List.of("prestart", "poststop"),
            List.of("ro", "rw"),
            new LinuxFeatures(
                List.of("pid", "uts"),
                List.of("CAP_CHOWN"),
                new CgroupFeatures(false, true, true, false, true),
                SECCOMP,
                true,
                false,
                true,
                false),
            annotations,
            List.of("dev.limpid."));

    assertEquals(
        """
        {
          "ociVersionMin": "1.0.0",
          "ociVersionMax": "1.2.0",
          "hooks": [
            "prestart",
            "poststop"
          ],
          "mountOptions": [
            "ro",
            "rw"
          ],
          "linux": {
            "namespaces": [
              "pid",
              "uts"
            ],
            "capabilities": [
              "CAP_CHOWN"
            ],
            "cgroup": {
              "v1": false,
              "v2": true,
              "systemd": true,
              "systemdUser": false,
              "rdma": true
            },
            "seccomp": {
              "enabled": true,
              "actions": [
                "SCMP_ACT_ALLOW",
                "SCMP_ACT_ERRNO"
              ],
              "operators": [
                "SCMP_CMP_EQ"
              ],
              "archs": [
                "SCMP_ARCH_X86_64"
              ],
              "knownFlags": [
                "SECCOMP_FILTER_FLAG_LOG",
                "SECCOMP_FILTER_FLAG_TSYNC"
              ],
              "supportedFlags": [
                "SECCOMP_FILTER_FLAG_LOG"
              ]
            },
            "apparmor": {
              "enabled": true
            },
            "selinux": {
              "enabled": false
            },
            "intelRdt": {
              "enabled": true
            },
            "mountExtensions": {
              "idmap": {
                "enabled": false
              }
            }
          },
          "annotations": {
            "dev.limpid.version": "0.1.0",
            "dev.limpid.commit": "0afcdff"
          },
          "potentiallyUnsafeConfigAnnotations": [
            "dev.limpid."
          ]
        }""",
        JsonWriter.indented("  ").write(features.toJson()));
  }

  @Test
  void leavesOutWhatIsNotClaimed() {
    Features features =
        new Features(
            "1.0.0",
            "1.2.0",
            List.of(),
            List.of(),
            new LinuxFeatures(
                List.of(),
                List.of(),
                new CgroupFeatures(true, false, false, true, false),
                new SeccompFeatures(false, List.of(), List.of(), List.of(), List.of(), List.of()),
                false,
                true,
                false,
                true),
            Map.of(),
            List.of());

    assertEquals(
        "{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"1.2.0\",\"hooks\":[],"
            + "\"mountOptions\":[],\"linux\":{\"namespaces\":[],\"capabilities\":[],"
            + "\"cgroup\":{\"v1\":true,\"v2\":false,\"systemd\":false,\"systemdUser\":true,"
            + "\"rdma\":false},\"seccomp\":{\"enabled\":false},\"apparmor\":{\"enabled\":false},"
            + "\"selinux\":{\"enabled\":true},\"intelRdt\":{\"enabled\":false},"
            + "\"mountExtensions\":{\"idmap\":{\"enabled\":true}}}}",
        features.toJson().toString());
  }

  @Test
  void doesNotFollowTheListsItWasMadeOf() {
    List<String> flags = new ArrayList<>(List.of("SECCOMP_FILTER_FLAG_LOG"));
    SeccompFeatures seccomp = new SeccompFeatures(true, flags, flags, flags, flags, flags);
    flags.clear();

    assertEquals(List.of("SECCOMP_FILTER_FLAG_LOG"), seccomp.knownFlags());
    assertThrows(UnsupportedOperationException.class, () -> seccomp.actions().clear());
  }
}
