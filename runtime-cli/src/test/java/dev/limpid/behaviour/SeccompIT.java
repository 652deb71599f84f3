package dev.limpid.behaviour;

import dev.limpid.oci.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** Filters of system calls, with everything that they can say. */
@TestInstance(Lifecycle.PER_CLASS)
final class SeccompIT {
  private static final int SIGSYS = 31;

  /** What busybox needs to say a word. */
  private static final String ALLOWED =
      "access arch_prctl brk capget capset chdir clone clone3 close close_range dup dup2 dup3 execve"
          + " execveat exit exit_group faccessat faccessat2 fchdir fcntl fstat fstatfs futex getcwd"
          + " getdents64 getegid geteuid getgid getgroups getpgrp getpid getppid getrandom getrlimit"
          + " gettid getuid ioctl lseek lstat madvise mmap mprotect mremap munmap nanosleep newfstatat"
          + " open openat openat2 personality pipe pipe2 poll ppoll prctl pread64 prlimit64 read"
          + " readlink readlinkat rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn"
          + " rt_sigsuspend sched_getaffinity set_robust_list set_tid_address setgid setgroups"
          + " setresgid setresuid setsid setuid sigaltstack stat statfs statx sysinfo tgkill time umask"
          + " uname unlink unlinkat vfork wait4 write writev";

  private final List<String> rules = new ArrayList<>();
  private Sandbox sandbox;
  private String id;
  private Answers answers;

  private void rule(String action, String members, String... names) {
    rules.add(
        "{\"names\": [\""
            + String.join("\", \"", names)
            + "\"], \"action\": \"SCMP_ACT_"
            + action
            + "\""
            + members
            + "}");
  }

  /** A number for errno, if an argument compares like this. */
  private static String error(int number, int index, String operator, long value, String more) {
    return ", \"errnoRet\": "
        + number
        + ", \"args\": [{\"index\": "
        + index
        + ", \"value\": "
        + value
        + more
        + ", \"op\": \"SCMP_CMP_"
        + operator
        + "\"}]";
  }

  @BeforeAll
  void ask() throws Exception {
    rule("ERRNO", ", \"errnoRet\": 28", "mkdir", "mkdirat", "no_such_system_call");
    rule("ERRNO", "", "rmdir");
    rule("KILL", "", "sync");
    rule("KILL_PROCESS", "", "chroot");
    rule("KILL_THREAD", "", "link", "linkat");
    rule("TRAP", "", "symlink", "symlinkat");
    rule("TRACE", ", \"errnoRet\": 7", "mknod", "mknodat");
    rule("LOG", "", "rename", "renameat", "renameat2");
    // The third argument is the priority.
    rule("ERRNO", error(5, 2, "EQ", 3, ""), "setpriority");
    rule("ERRNO", error(28, 2, "LT", 2, ""), "setpriority");
    rule("ERRNO", error(16, 2, "GT", 17, ""), "setpriority");
    rule("ERRNO", error(27, 2, "MASKED_EQ", 12, ", \"valueTwo\": 8"), "setpriority");
    // The second one is the signal; those asked for do nothing by themselves.
    rule("ERRNO", error(5, 1, "GE", 28, ""), "kill");
    rule("ERRNO", error(28, 1, "LE", 17, ""), "kill");
    rule("ERRNO", error(16, 1, "NE", 0644, ""), "chmod");
    TestBundle bundle =
        sandboxed()
            .capabilities(
                List.of("bounding", "effective", "permitted"),
                "CAP_MKNOD",
                "CAP_SYS_CHROOT",
                "CAP_SYS_NICE")
            .linux(linux -> filter(linux, "SCMP_ACT_ALLOW", ""))
            .script(
                Answers.ASK,
                "dies() { name=$1; shift; \"$@\" > /dev/null 2>&1; echo \"$name: $?\"; }",
                "touch /tmp/file",
                "ask mode awk '/^Seccomp:/ { print $2 }' /proc/self/status",
                "ask errno mkdir /tmp/new",
                "ask errno-default rmdir /tmp",
                "dies kill sync",
                "dies kill-process chroot / /bin/true",
                "dies kill-thread ln /tmp/file /tmp/hard",
                "dies trap ln -s /tmp/file /tmp/soft",
                "ask trace mknod /tmp/pipe p",
                "ask log sh -c 'mv /tmp/file /tmp/moved && echo moved'",
                "for priority in 1 2 3 7 9 16 18; do",
                "  ask priority$priority sh -c \"renice $priority -p \\$\\$ && echo changed\"",
                "done",
                "for signal in 17 18 23 28; do",
                "  ask signal$signal sh -c \"kill -$signal \\$\\$ && echo sent\"",
                "done",
                "ask chmod644 sh -c 'chmod 644 /tmp/moved && echo changed'",
                "ask chmod600 sh -c 'chmod 600 /tmp/moved && echo changed'",
                "echo ready: now",
                "exec sleep 1000");
    id = sandbox.id();
    Path output = sandbox.runtime().createAndStart(id, bundle.write());
    Await.until("it has spoken", () -> OciRuntime.text(output).contains("ready: now\n"));
    answers = Answers.in(OciRuntime.text(output));
  }

  private TestBundle sandboxed() throws Exception {
    sandbox = Sandbox.open();
    return sandbox.bundle();
  }

  private JsonObject filter(JsonObject linux, String defaultAction, String members) {
    return linux.with(
        "seccomp",
        Json.object(
            "{\"defaultAction\": \""
                + defaultAction
                + "\", \"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\","
                + " \"SCMP_ARCH_X32\"], \"syscalls\": ["
                + String.join(", ", rules)
                + "]"
                + members
                + "}"));
  }

  @AfterAll
  void close() throws Exception {
    sandbox.close();
  }

  @Test
  void aFilterIsInPlace() {
    answers.are("2", "mode");
  }

  @Test
  void aSystemCallFailsWithTheErrorOfTheRule() {
    answers.match("No space left on device$", "errno");
    answers.match("Operation not permitted$", "errno-default");
  }

  @Test
  void aSystemCallKills() {
    answers.are(Integer.toString(128 + SIGSYS), "kill", "kill-process", "kill-thread", "trap");
  }

  @Test
  void aSystemCallWithoutATracerIsNotThere() {
    answers.match("Function not implemented$", "trace");
  }

  @Test
  void aSystemCallThatIsLoggedIsDone() {
    answers.are("moved", "log");
  }

  @Test
  void argumentsAreCompared() {
    answers.match("No space left on device$", "priority1", "signal17");
    answers.match("I/O error$|Input/output error$", "priority3", "signal28");
    answers.match("File too large$", "priority9");
    answers.match("(Device or )?[Rr]esource busy$", "priority18", "chmod600");
    answers.are("changed", "priority2", "priority7", "priority16", "chmod644");
    answers.are("sent", "signal18", "signal23");
  }

  @Test
  void aSecondProcessIsFilteredToo() throws Exception {
    Outcome outcome = sandbox.runtime().call("exec", id, "mkdir", "/tmp/second");

    Answers.in("mkdir: " + outcome.exited(1).err().strip())
        .match("No space left on device$", "mkdir");
  }

  @Test
  void whatIsNotAllowedFailsWithTheErrorOfTheFilter() throws Exception {
    List<String> before = List.copyOf(rules);
    rules.clear();
    rule("ALLOW", "", ALLOWED.split(" ", -1));
    TestBundle bundle =
        sandbox
            .bundle()
            .linux(
                linux ->
                    filter(
                        linux,
                        "SCMP_ACT_ERRNO",
                        ", \"defaultErrnoRet\": 28"
                            // runc had none of these for a long time
                            + (OciRuntime.runsVirtualMachines()
                                ? ", \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\","
                                    + " \"SECCOMP_FILTER_FLAG_TSYNC\","
                                    + " \"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"]"
                                : "")))
            .script(Answers.ASK, "ask allowed echo yes", "ask denied mkdir /tmp/new");
    rules.clear();
    rules.addAll(before);

    Outcome outcome =
        sandbox
            .runtime()
            .call("run", "--bundle", bundle.write().toString(), sandbox.id())
            .succeeded();

    Answers.in(outcome.out()).are("yes", "allowed");
    Answers.in(outcome.out()).match("No space left on device$", "denied");
  }

  private void assertRefused(String reason, String seccomp) throws Exception {
    Path bundle =
        sandbox.bundle().linux(linux -> linux.with("seccomp", Json.object(seccomp))).write();
    sandbox.runtime().refuses(reason, "create", "--bundle", bundle.toString(), sandbox.id());
  }

  @Test
  @VmOnly
  void listenersAreRefused() throws Exception {
    String reason =
        ": can't be had: a listener on the host can't watch another kernel's system calls";
    assertRefused(
        "linux.seccomp.syscalls[0].action" + reason,
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\","
            + " \"syscalls\": [{\"names\": [\"mkdir\"], \"action\": \"SCMP_ACT_NOTIFY\"}]}");
    assertRefused(
        "linux.seccomp.listenerPath" + reason,
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"listenerPath\": \"/run/listener\"}");
    assertRefused(
        "linux.seccomp.flags[0]" + reason,
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\","
            + " \"flags\": [\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]}");
  }

  @Test
  @VmOnly
  void anErrorForAnActionThatHasNoneIsRefused() throws Exception {
    assertRefused(
        "errno value specified for action",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"defaultErrnoRet\": 1}");
  }
}
