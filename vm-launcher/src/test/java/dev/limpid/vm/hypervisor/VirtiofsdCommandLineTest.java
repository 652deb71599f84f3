package dev.limpid.vm.hypervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** virtiofsd's arguments, for folders of any name. */
class VirtiofsdCommandLineTest {
  @ParameterizedTest
  @CsvSource({
    "/run/limpid/web/shared, source=/run/limpid/web/shared",
    "'/a,writeback', 'source=/a\\,writeback'",
    "/a\\b, source=/a\\\\b",
    "'/a\\,b', 'source=/a\\\\\\,b'",
    "/a=b c, source=/a=b c"
  })
  void servesAFolder(String folder, String source) {
    assertEquals(
        List.of(
            "/usr/lib/qemu/virtiofsd",
            "--fd=3",
            "-f",
            "-o",
            source,
            "-o",
            "sandbox=chroot",
            "-o",
            "xattr,modcaps=+sys_admin:+mknod",
            "-o",
            "flock,posix_lock",
            "-o",
            "posix_acl",
            "-o",
            "announce_submounts",
            "-o",
            "cache=auto",
            "-o",
            "log_level=warn"),
        VirtiofsdCommandLine.of(Path.of("/usr/lib/qemu/virtiofsd"), Path.of(folder)));
  }
}
