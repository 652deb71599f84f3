package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.caller.CallerCommand.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Devices and privileges. */
final class DockerDevicesIT extends DockerCaller {
  @Test
  void privilegedContainerMayUseEverythingOfItsMachine() {
    String text =
        limpid(
                "--rm",
                "--privileged",
                "busybox",
                "sh",
                "-c",
                "mkdir /m; mount -t tmpfs none /m && head -c 1048576 /dev/zero > /m/image"
                    + " && losetup $(losetup -f) /m/image && cat /sys/block/loop0/size;"
                    + " echo 1 > /proc/sys/vm/drop_caches && echo written;"
                    + " ls /dev/net/tun /dev/fuse; ls /dev/kvm /dev/tty0 2>/dev/null; true")
            .ok();
    assertEquals("2048\nwritten\n/dev/fuse\n/dev/net/tun", text);
  }

  @Test
  void devicesThatTheGuestHasAreThereUnderTheirNames() {
    assertEquals(
        "0",
        limpid(
                "--rm",
                "--device",
                "/dev/zero",
                "--device",
                "/dev/zero:/dev/my-zero",
                "busybox",
                "sh",
                "-c",
                "test -c /dev/zero && head -c 1 /dev/my-zero | od -An -td1")
            .ok());
  }

  @Test
  void deviceOfTheHostThatTheGuestHasNotIsNamed() {
    Result result = limpid("--rm", "--device", "/dev/tty0:/dev/terminal", "busybox", "true");
    assertNotEquals(0, result.status());
    assertTrue(result.err().contains("/dev/terminal"), result.toString());
  }

  @Test
  void blockDeviceOfTheHostIsADiskWithTheRightsGiven() throws IOException {
    Path file = work.resolve("disk");
    Files.write(file, new byte[1 << 20]);
    CallerCommand losetup = new CallerCommand(List.of("losetup"), Map.of());
    String device = losetup.run("--find", "--show", file.toString()).ok();
    try {
      limpid("--rm", "--device", device + ":/dev/disk", "busybox", "sh", "-c", "echo x > /dev/disk")
          .ok();
      String read = "head -n 1 /dev/disk; echo y > /dev/disk";
      Result result =
          limpid("--rm", "--device", device + ":/dev/disk:r", "busybox", "sh", "-c", read);
      assertEquals("x", result.text());
      assertTrue(result.err().contains("Operation not permitted"), result.toString());
    } finally {
      losetup.run("--detach", device).ok();
    }
  }

  @Test
  void privilegedExecMayDoWhatItsContainerMayNot() throws InterruptedException {
    String id = limpid("-d", "busybox", "sh", "-c", "echo up; exec sleep 1000").ok();
    awaitLog(id, "up");
    // Not filtered by the container's seccomp profile, which holds for all of its processes.
    String mtu = "ip link set lo mtu 1400 && cat /sys/class/net/lo/mtu";
    assertNotEquals(0, docker.run("exec", id, "sh", "-c", mtu).status());
    assertEquals("1400", docker.run("exec", "--privileged", id, "sh", "-c", mtu).ok());
  }
}
