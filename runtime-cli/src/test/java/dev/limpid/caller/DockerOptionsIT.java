package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.caller.CallerCommand.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The options of docker run that say what a container may do and what it sees. */
final class DockerOptionsIT extends DockerCaller {
  @Test
  void limitsOfResourcesAreThoseAskedFor() {
    assertEquals(
        "123\n456",
        limpid("--rm", "--ulimit", "nofile=123:456", "busybox", "sh", "-c", "ulimit -n; ulimit -Hn")
            .ok());
  }

  @Test
  void capabilitiesAreAddedAndDropped() {
    String text =
        limpid(
                "--rm",
                "--cap-add",
                "NET_ADMIN",
                "--cap-drop",
                "CHOWN",
                "busybox",
                "sh",
                "-c",
                "ip link set lo mtu 1400 && cat /sys/class/net/lo/mtu;"
                    + " touch /tmp/file; chown 5 /tmp/file 2>&1")
            .text();
    assertEquals("1400\nchown: /tmp/file: Operation not permitted", text);
    assertEquals(
        "CapEff:\t0000000000000000",
        limpid("--rm", "--cap-drop", "ALL", "busybox", "grep", "CapEff", "/proc/self/status").ok());
  }

  @Test
  void kernelParametersAreThoseAskedFor() {
    assertEquals(
        "1\n65000",
        limpid(
                "--rm",
                "--sysctl",
                "net.ipv4.ip_forward=1",
                "--sysctl",
                "kernel.msgmax=65000",
                "busybox",
                "cat",
                "/proc/sys/net/ipv4/ip_forward",
                "/proc/sys/kernel/msgmax")
            .ok());
  }

  @Test
  void dockersInitIsProcessOneAndReapsAndPassesOnTheStatus() {
    Result result =
        limpid("--rm", "--init", "busybox", "sh", "-c", "cat /proc/1/comm; echo $$; exit 7");
    assertEquals(7, result.status(), result.toString());
    String[] lines = result.text().split("\n", -1);
    assertEquals("docker-init", lines[0]);
    assertNotEquals("1", lines[1]);
  }

  @Test
  void readOnlyRootHasPlacesThatCanBeWritten() {
    assertEquals(
        "touch: /file: Read-only file system\ntmpfs 1024 /scratch\ntmpfs 16384 /dev/shm\nwritten",
        limpid(
                "--rm",
                "--read-only",
                "--tmpfs",
                "/scratch:size=1m",
                "--shm-size",
                "16m",
                "busybox",
                "sh",
                "-c",
                "touch /file 2>&1; df -k /scratch /dev/shm | awk 'NR>1 {print $1, $2, $6}'"
                    + " | sed 's/^shm/tmpfs/'; touch /scratch/file /dev/shm/file && echo written")
            .ok());
  }

  @Test
  void namesOfTheHostAreThoseAskedFor() {
    assertEquals(
        "somehost\nsomehost\n203.0.113.7\tother",
        limpid(
                "--rm",
                "--hostname",
                "somehost",
                "--add-host",
                "other:203.0.113.7",
                "busybox",
                "sh",
                "-c",
                "hostname; cat /etc/hostname; grep other /etc/hosts")
            .ok());
  }

  @Test
  void systemCallsAreFilteredAsAskedFor() throws IOException {
    Path profile =
        Files.writeString(
            work.resolve("seccomp.json"),
            """
            {"defaultAction": "SCMP_ACT_ALLOW",
             "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}
            """);
    Result result =
        limpid("--rm", "--security-opt", "seccomp=" + profile, "busybox", "mkdir", "/tmp/folder");
    assertEquals(1, result.status(), result.toString());
    assertTrue(result.err().contains("Operation not supported"), result.toString());
    limpid("--rm", "busybox", "mkdir", "/tmp/folder").ok();
  }

  @Test
  void privilegesCannotBeGainedIfNotWanted() {
    assertEquals(
        "NoNewPrivs:\t1",
        limpid(
                "--rm",
                "--security-opt",
                "no-new-privileges",
                "busybox",
                "grep",
                "NoNewPrivs",
                "/proc/self/status")
            .ok());
  }

  @Test
  void theDaemonsOwnSocketIsReachedFromInside() {
    String id = limpid("-d", "--name", "seen", "busybox", "sleep", "1000").ok();
    Result listed =
        limpid(
            "--rm",
            "-v",
            work.resolve("docker.sock") + ":/var/run/docker.sock",
            "-v",
            "/usr:/usr:ro",
            "-v",
            "/lib:/lib:ro",
            "-v",
            "/lib64:/lib64:ro",
            "busybox",
            "/usr/bin/docker",
            "ps",
            "--no-trunc",
            "--format",
            "{{.ID}} {{.Names}}",
            "--filter",
            "name=seen");
    assertEquals(id + " seen", listed.ok());
  }
}
