package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Docker's containers that share namespaces share a virtual machine. */
final class DockerSandboxIT extends DockerCaller {
  private static final String BOOT = "cat /proc/sys/kernel/random/boot_id";

  private static String bootOf(String container) {
    return docker.run("exec", container, "sh", "-c", BOOT).ok();
  }

  @ParameterizedTest
  @CsvSource({"pid, --pid", "ipc, --ipc", "net, --network"})
  void aNamespaceOfAnotherContainerIsShared(String file, String option) {
    limpid("-d", "--name", "first", "--ipc", "shareable", "busybox", "sleep", "1000").ok();
    String look = BOOT + "; for n in pid ipc net; do readlink /proc/self/ns/$n; done";
    String[] first = docker.run("exec", "first", "sh", "-c", look).ok().split("\n", -1);

    String[] second =
        limpid("--rm", option, "container:first", "busybox", "sh", "-c", look).ok().split("\n", -1);

    assertEquals(first[0], second[0], "the machine");
    for (int i = 0; i < 3; i++) {
      boolean shared = second[i + 1].startsWith(file + ":");
      assertEquals(shared, first[i + 1].equals(second[i + 1]), first[i + 1]);
    }
  }

  @Test
  void processesAndSharedMemoryOfAnotherContainerAreSeen() {
    limpid(
            "-d",
            "--name",
            "first",
            "--ipc",
            "shareable",
            "busybox",
            "sh",
            "-c",
            "echo shared > /dev/shm/file; exec sleep 1234")
        .ok();
    String text =
        limpid(
                "--rm",
                "--pid=container:first",
                "--ipc=container:first",
                "busybox",
                "sh",
                "-c",
                "cat /dev/shm/file; ps")
            .ok();

    assertTrue(text.startsWith("shared\n"), text);
    assertTrue(text.contains("sleep 1234"), text);
  }

  @Test
  void eachOfThemIsAContainerOfItsOwn() {
    limpid("-d", "--name", "first", "busybox", "sleep", "1000").ok();
    limpid("-d", "--name", "second", "--pid=container:first", "busybox", "sleep", "1001").ok();
    limpid("-d", "--name", "alone", "busybox", "sleep", "1002").ok();
    assertEquals(bootOf("first"), bootOf("second"));
    assertNotEquals(bootOf("first"), bootOf("alone"));

    docker.run("exec", "second", "sh", "-c", "echo changed > /file").ok();
    assertTrue(docker.run("diff", "second").ok().contains("A /file"));
    docker.run("pause", "second").ok();
    docker.run("unpause", "second").ok();
    docker.run("kill", "second").ok();
    assertEquals("137", docker.run("wait", "second").ok());
    docker.run("start", "second").ok();
    assertEquals(bootOf("first"), bootOf("second"), "started anew, it joins again");

    docker.run("rm", "-f", "first").ok();
    assertEquals("137", docker.run("wait", "second").ok(), "all end with the first");
    docker.run("rm", "second").ok();
  }
}
