package dev.limpid.cli;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.lifecycle.ContainerExec;
import dev.limpid.engine.lifecycle.ExecRequest;
import dev.limpid.engine.lifecycle.ExecSpecification;
import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code limpid exec}. */
@Command(
    name = "exec",
    header = "Starts another process in a running container.",
    description = {
      "Its environment, user, working directory and rights are those of the container's own process, but for"
          + " what the options change. Its exit status becomes this command's; 255 means that it could not"
          + " be started. Options stand before the container's name."
    },
    footerHeading = "%nExamples:%n",
    footer = {"  limpid exec web ps", "  limpid exec -t -e TERM=xterm -u 1000:1000 web sh"})
final class ExecCommand extends ContainerVerb {
  /** As runc's: the process's own status can be anything else. */
  private static final int FAILURE = 255;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "COMMAND",
      description = "The program and its arguments, unless --process has them.")
  private List<String> command = new ArrayList<>();

  @Option(
      names = {"-p", "--process"},
      paramLabel = "FILE",
      description = "A file that holds an OCI process object, in place of all other options.")
  private Path process;

  @Option(
      names = {"-d", "--detach"},
      description = "Return as soon as the process runs.")
  private boolean detach;

  @Option(
      names = "--pid-file",
      paramLabel = "FILE",
      description = "Write the pid of the process that stands for it on the host to FILE.")
  private Path pidFile;

  @Option(
      names = "--console-socket",
      paramLabel = "SOCKET",
      description = "A UNIX socket that is sent its terminal.")
  private Path consoleSocket;

  @Option(
      names = {"-t", "--tty"},
      description = "Give it a terminal.")
  private boolean tty;

  @Option(names = "--cwd", paramLabel = "DIR", description = "Its working directory.")
  private String cwd;

  @Option(
      names = {"-e", "--env"},
      paramLabel = "NAME=VALUE",
      description = "Add a variable to its environment.")
  private List<String> env = new ArrayList<>();

  @Option(
      names = {"-u", "--user"},
      paramLabel = "UID",
      description = "Its user, by number; UID:GID names its group too.")
  private String user;

  @Option(
      names = {"-g", "--additional-gids"},
      paramLabel = "GID",
      description = "Add a group.")
  private List<Long> additionalGids = new ArrayList<>();

  @Option(
      names = {"-c", "--cap"},
      paramLabel = "CAP",
      description = "Add a capability, for example CAP_NET_ADMIN.")
  private List<String> capabilities = new ArrayList<>();

  @Option(
      names = "--no-new-privs",
      arity = "0..1",
      paramLabel = "true|false",
      fallbackValue = "true",
      description = "It can't gain privileges, by set-user-id programs for example.")
  private Boolean noNewPrivileges;

  @Option(
      names = {"--apparmor", "--process-label"},
      paramLabel = "NAME",
      description = "Accepted: the guest has no such security module.")
  @SuppressWarnings("unused") // picocli looks at it
  private List<String> labels;

  @Option(
      names = "--preserve-fds",
      paramLabel = "N",
      description = "Must be 0: an open file of the host can't be passed into a virtual machine.")
  private int preserveFds;

  @Option(
      names = "--cgroup",
      paramLabel = "PATH",
      description = "Refused: all processes of a container are in its own cgroup.")
  private String cgroup;

  @Override
  void take(PlainArguments arguments) {
    while (arguments.next()) {
      switch (arguments.option()) {
        case "-p", "--process" -> process = arguments.path("--process");
        case "-d", "--detach" -> detach = arguments.flag("--detach");
        case "--pid-file" -> pidFile = arguments.path("--pid-file");
        case "--console-socket" -> consoleSocket = arguments.path("--console-socket");
        case "-t", "--tty" -> tty = arguments.flag("--tty");
        case "--cwd" -> cwd = arguments.value("--cwd");
        case "-e", "--env" -> env.add(arguments.another());
        case "-u", "--user" -> user = arguments.value("--user");
        case "-g", "--additional-gids" ->
            additionalGids.add((long) PlainArguments.number(arguments.another()));
        case "-c", "--cap" -> capabilities.add(arguments.another());
        case "--no-new-privs" -> noNewPrivileges = arguments.optionalBoolean("--no-new-privs");
        case "--preserve-fds" ->
            preserveFds = PlainArguments.number(arguments.value("--preserve-fds"));
        default -> arguments.positionalToTheEnd();
      }
    }
    List<String> given = arguments.positionals(1, Integer.MAX_VALUE);
    id = arguments.id();
    command = given.subList(1, given.size());
  }

  @Override
  int run(Call call) {
    if (preserveFds != 0) {
      throw new EngineException("--preserve-fds: " + preserveFds + ": " + LaunchOptions.NO_FDS);
    }
    if (cgroup != null) {
      throw new EngineException(
          "--cgroup: " + cgroup + ": not supported, all processes of a container are in its own");
    }
    Invocation invocation = call.invocation();
    return new ContainerExec(call.context())
        .exec(
            new ExecRequest(
                id,
                process == null ? changes() : whole(Limpid.absolute(invocation, process)),
                LaunchOptions.optional(invocation, pidFile),
                LaunchOptions.optional(invocation, consoleSocket),
                detach));
  }

  @Override
  int failureStatus() {
    return FAILURE;
  }

  private ExecSpecification whole(Path file) {
    String document = file.getFileName().toString();
    try {
      JsonObject object = JsonCursor.root(document, new JsonReader(document).read(file)).asObject();
      // go-runc's clients ask for the terminal by the option as well.
      return new ExecSpecification.Whole(document, tty ? object.with("terminal", true) : object);
    } catch (IOException failed) {
      throw new EngineException("--process: " + file + ": cannot read: " + failed, failed);
    } catch (DocumentException broken) {
      throw new EngineException("--process: " + broken.getMessage(), broken);
    }
  }

  private ExecSpecification changes() {
    if (command.isEmpty()) {
      throw new EngineException("process args cannot be empty: name a program, or use --process");
    }
    OptionalLong uid = OptionalLong.empty();
    OptionalLong gid = OptionalLong.empty();
    if (user != null) {
      int colon = user.indexOf(':');
      uid = number(colon < 0 ? user : user.substring(0, colon));
      if (colon >= 0) {
        gid = number(user.substring(colon + 1));
      }
    }
    return new ExecSpecification.Changes(
        command,
        tty,
        Optional.ofNullable(cwd),
        env,
        uid,
        gid,
        additionalGids,
        capabilities,
        Optional.ofNullable(noNewPrivileges));
  }

  private OptionalLong number(String text) {
    try {
      return OptionalLong.of(Long.parseLong(text));
    } catch (NumberFormatException wrong) {
      throw new EngineException(
          "--user: " + user + ": must be a number, or two with a colon between", wrong);
    }
  }
}
