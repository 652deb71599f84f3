package dev.limpid.cli;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.lifecycle.TemplateKeeping;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.oci.state.Rfc3339;
import dev.limpid.vm.template.StoredTemplate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code limpid template}. */
@Command(
    name = "template",
    header = "Makes, lists, removes or checks templates of virtual machines.",
    description = {
      "A template is a virtual machine that was booted once and stopped: the virtual machines of containers are clones"
          + " of it, which takes a small part of the time. Templates are made by themselves, one for each size and"
          + " configuration of virtual machines, when the first container needs it, and again when what they were made"
          + " of has changed. They lie in the folder that the configuration names ('templates', /run/limpid-templates)."
          + " Every one of them can be removed at any time. 'template' in the configuration turns them off.",
      "",
      "'build' makes one before it is needed, and prints its name.",
      "",
      "'list' shows them, those unused for the longest time first.",
      "",
      "'remove' removes those that are named, or --all.",
      "",
      "'verify' makes a clone of each and has its agent get it ready. The exit status is 1 if one does not, or if what"
          + " it was made of has been replaced."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  limpid template build",
      "  limpid template build --memory 1024 --vcpus 2",
      "  limpid template list --format json",
      "  limpid template verify --repair",
      "  limpid template remove --all"
    })
final class TemplateCommand extends Verb {
  private static final String[] HEADINGS = {
    "TEMPLATE", "MEMORY", "VCPUS", "ACCELERATOR", "CREATED", "LAST USED"
  };
  private static final int MEMORY_MIN = 128;
  private static final int MEMORY_MAX = 1 << 20;
  private static final int VCPUS_MAX = 256;

  @Parameters(index = "0", paramLabel = "build|list|remove|verify", description = "What to do.")
  private String action;

  @Parameters(
      index = "1..*",
      paramLabel = "TEMPLATE",
      description = "remove: their names, as list prints them.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      defaultValue = "table",
      description = "list and verify: table or json (default: ${DEFAULT-VALUE}).")
  private String format;

  @Option(names = "--all", description = "remove: all there are.")
  private boolean all;

  @Option(
      names = "--memory",
      paramLabel = "MIB",
      description = "build: the memory in MiB (default: 'memoryMiB' of the configuration).")
  private Optional<Integer> memory = Optional.empty();

  @Option(
      names = "--vcpus",
      paramLabel = "N",
      description = "build: the virtual CPUs (default: 'vcpus' of the configuration).")
  private Optional<Integer> vcpus = Optional.empty();

  @Option(names = "--repair", description = "verify: remove those that are of no use.")
  private boolean repair;

  @Override
  int run(Call call) {
    checkOptions();
    TemplateKeeping templates = new TemplateKeeping(call.context());
    return switch (action) {
      case "build" -> build(call, templates);
      case "list" -> list(call, templates);
      case "remove" -> remove(templates);
      default -> verify(call, templates);
    };
  }

  private void checkOptions() {
    if (!List.of("build", "list", "remove", "verify").contains(action)) {
      throw new EngineException("template: " + action + ": must be build, list, remove or verify");
    }
    if (!format.equals("table") && !format.equals("json")) {
      throw new EngineException("--format: " + format + ": must be table or json");
    }
    boolean removes = action.equals("remove");
    if (!removes && (all || !names.isEmpty())) {
      throw new EngineException("--all and names of templates: only remove has them");
    }
    if (removes && all != names.isEmpty()) {
      throw new EngineException("template remove: needs either names of templates or --all");
    }
    if (!action.equals("build") && (memory.isPresent() || vcpus.isPresent())) {
      throw new EngineException("--memory and --vcpus: only build has them");
    }
    if (repair && !action.equals("verify")) {
      throw new EngineException("--repair: only verify has it");
    }
    checkRange("--memory", memory, MEMORY_MIN, MEMORY_MAX);
    checkRange("--vcpus", vcpus, 1, VCPUS_MAX);
  }

  private static void checkRange(String option, Optional<Integer> value, int least, int most) {
    if (value.isPresent() && (value.get() < least || value.get() > most)) {
      throw new EngineException(
          option + ": " + value.get() + ": must be from " + least + " to " + most);
    }
  }

  private int build(Call call, TemplateKeeping templates) {
    call.out().println(templates.build(number(memory), number(vcpus)).name());
    return 0;
  }

  private static OptionalInt number(Optional<Integer> value) {
    return value.isPresent() ? OptionalInt.of(value.get()) : OptionalInt.empty();
  }

  private int list(Call call, TemplateKeeping templates) {
    List<StoredTemplate> stored = templates.list();
    if (format.equals("json")) {
      List<JsonValue> array = new ArrayList<>();
      for (StoredTemplate each : stored) {
        array.add(json(each).build());
      }
      call.out().println(JsonWriter.compact().write(new JsonArray(array)));
      return 0;
    }
    TextTable table = new TextTable(HEADINGS);
    for (StoredTemplate each : stored) {
      table.row(
          each.template().name(),
          each.record().memoryMiB() + " MiB",
          Integer.toString(each.record().vcpus()),
          each.record().accelerator(),
          TextTable.seconds(each.record().created()),
          TextTable.seconds(each.lastUsed()));
    }
    call.out().print(table.text());
    return 0;
  }

  private static JsonObject.Builder json(StoredTemplate each) {
    return JsonObject.builder()
        .put("name", each.template().name())
        .put("folder", each.template().folder().toString())
        .put("memoryMiB", each.record().memoryMiB())
        .put("vcpus", each.record().vcpus())
        .put("accelerator", each.record().accelerator())
        .put("hypervisor", each.record().hypervisor().toString())
        .put("kernel", each.record().kernel().toString())
        .put("created", Rfc3339.format(each.record().created()))
        .put("lastUsed", Rfc3339.format(each.lastUsed()));
  }

  private int remove(TemplateKeeping templates) {
    if (all) {
      for (StoredTemplate each : templates.list()) {
        templates.remove(each.template().name());
      }
    }
    for (String name : names) {
      templates.remove(name);
    }
    return 0;
  }

  private int verify(Call call, TemplateKeeping templates) {
    List<JsonValue> array = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    for (StoredTemplate each : templates.list()) {
      Optional<String> problem = templates.verify(each);
      if (problem.isEmpty()) {
        continue;
      }
      if (repair) {
        templates.remove(each.template().name());
      }
      array.add(json(each).put("problem", problem.get()).put("removed", repair).build());
      lines.add(
          each.template().name()
              + ": "
              + problem.get()
              + (repair ? ": removed" : ": --repair removes it"));
    }
    if (format.equals("json")) {
      call.out().println(JsonWriter.compact().write(new JsonArray(array)));
    } else {
      lines.forEach(call.out()::println);
      call.out().println(lines.isEmpty() ? "all are sound" : lines.size() + " of no use");
    }
    return lines.isEmpty() ? 0 : 1;
  }
}
