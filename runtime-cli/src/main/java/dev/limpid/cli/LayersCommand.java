package dev.limpid.cli;

import dev.limpid.config.LimpidConfiguration;
import dev.limpid.engine.EngineException;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.oci.state.Rfc3339;
import dev.limpid.vm.layer.DamagedLayer;
import dev.limpid.vm.layer.LayerInventory;
import dev.limpid.vm.layer.LayerPruning;
import dev.limpid.vm.layer.LayerRecord;
import dev.limpid.vm.layer.StoredLayer;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code limpid layers}. */
@Command(
    name = "layers",
    header = "Lists, removes or checks the images of layers.",
    description = {
      "A layer of a container's root filesystem becomes an image once, which all virtual machines that need it"
          + " have in memory together. The images lie in the folder that the configuration names ('layers',"
          + " /var/lib/limpid/layers). Every one of them can be removed at any time: the next container that needs"
          + " it has it made again.",
      "",
      "'list' shows them, those unused for the longest time first: what each takes on the disk, when it was made, when"
          + " a container was last made with it, the containers whose VMs have it mapped, and the directory it was made"
          + " of, the uppermost if several were merged.",
      "",
      "'prune' removes images that no VM has mapped, those unused for the longest time first, until the rest take no"
          + " more than --max (default: 'layersMaxMiB' of the configuration), and what interrupted verbs have left.",
      "",
      "'verify' reads them all and compares them with what was made. The exit status is 1 if one is damaged."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  limpid layers list --format json",
      "  limpid layers prune --older 30d",
      "  limpid layers prune --max 20G --older 1d",
      "  limpid layers verify --repair"
    })
final class LayersCommand extends Verb {
  private static final String[] HEADINGS = {
    "LAYER", "ON DISK", "CREATED", "LAST USED", "USERS", "SOURCE"
  };
  private static final long KIB = 1024;
  private static final long MIB = 1L << 20;
  private static final long TENTHS = 10;

  @Parameters(index = "0", paramLabel = "list|prune|verify", description = "What to do.")
  private String action;

  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      defaultValue = "table",
      description = "table or json (default: ${DEFAULT-VALUE}).")
  private String format;

  @Option(
      names = "--all",
      description = "prune: every image that no VM has mapped, however small the store is.")
  private boolean all;

  @Option(
      names = "--max",
      paramLabel = "SIZE",
      description =
          "prune: none any more once the rest take no more than this; bytes, or with K, M, G or T behind it.")
  private Optional<String> max = Optional.empty();

  @Option(
      names = "--older",
      paramLabel = "DURATION",
      description =
          "prune: none that was used within this time; a number with s, m, h or d behind it. Without --max, all"
              + " others.")
  private Optional<String> older = Optional.empty();

  @Option(
      names = "--repair",
      description = "verify: remove those that are damaged, and what interrupted verbs have left.")
  private boolean repair;

  @Override
  int run(Call call) {
    if (!format.equals("table") && !format.equals("json")) {
      throw new EngineException("--format: " + format + ": must be table or json");
    }
    boolean prunes = action.equals("prune");
    if (!prunes && (all || max.isPresent() || older.isPresent())) {
      throw new EngineException("--all, --max and --older: only prune has them");
    }
    if (all && (max.isPresent() || older.isPresent())) {
      throw new EngineException("--all: not together with --max or --older");
    }
    if (repair && !action.equals("verify")) {
      throw new EngineException("--repair: only verify has it");
    }
    LimpidConfiguration configuration =
        LimpidConfiguration.load(call.context().environment(), call.context().home());
    LayerInventory inventory = new LayerInventory(configuration.layers());
    try {
      return switch (action) {
        case "list" -> list(call, inventory);
        case "prune" -> prune(call, inventory, configuration);
        case "verify" -> verify(call, inventory);
        default ->
            throw new EngineException("layers: " + action + ": must be list, prune or verify");
      };
    } catch (IOException failed) {
      throw new EngineException(
          "layers: " + configuration.layers() + ": " + failed.getMessage(), failed);
    }
  }

  private int list(Call call, LayerInventory inventory) throws IOException {
    List<StoredLayer> layers = inventory.list();
    if (format.equals("json")) {
      printJson(call, layers);
      return 0;
    }
    TextTable table = new TextTable(HEADINGS);
    for (StoredLayer layer : layers) {
      table.row(
          layer.uuid(),
          size(layer.bytesOnDisk()),
          layer.record().isPresent() ? TextTable.seconds(layer.record().get().created()) : "-",
          TextTable.seconds(layer.lastUsed()),
          layer.users().isEmpty() ? "-" : String.join(",", layer.users()),
          source(layer));
    }
    call.out().print(table.text());
    return 0;
  }

  private static String source(StoredLayer layer) {
    if (layer.record().isEmpty()) {
      return "-";
    }
    List<String> sources = layer.record().get().sources();
    return sources.size() < 2
        ? String.join("", sources)
        : sources.get(0) + " and " + (sources.size() - 1) + " below";
  }

  private static void printJson(Call call, List<StoredLayer> layers) {
    List<JsonValue> array = new ArrayList<>();
    for (StoredLayer layer : layers) {
      array.add(json(layer).build());
    }
    call.out().println(JsonWriter.compact().write(new JsonArray(array)));
  }

  private static JsonObject.Builder json(StoredLayer layer) {
    JsonObject.Builder json =
        JsonObject.builder()
            .put("uuid", layer.uuid())
            .put("image", layer.image().toString())
            .put("size", layer.size())
            .put("bytesOnDisk", layer.bytesOnDisk())
            .put("lastUsed", Rfc3339.format(layer.lastUsed()))
            .put("users", strings(layer.users()));
    if (layer.record().isPresent()) {
      LayerRecord record = layer.record().get();
      json.put("created", Rfc3339.format(record.created()))
          .put("sources", strings(record.sources()));
    }
    return json;
  }

  private static JsonArray strings(List<String> texts) {
    List<JsonValue> values = new ArrayList<>();
    for (String text : texts) {
      values.add(new JsonString(text));
    }
    return new JsonArray(values);
  }

  private int prune(Call call, LayerInventory inventory, LimpidConfiguration configuration)
      throws IOException {
    long keep = 0;
    if (max.isPresent()) {
      keep = bytes(max.get());
    } else if (!all && older.isEmpty()) {
      keep = inventory.bound(configuration.layersMaxMiB() * MIB);
    }
    Instant before = Instant.MAX;
    if (older.isPresent()) {
      long now = call.context().clock().instant().getEpochSecond();
      before = Instant.ofEpochSecond(Math.max(0, now - duration(older.get())));
    }
    List<StoredLayer> removed = inventory.prune(new LayerPruning(keep, before));
    if (format.equals("json")) {
      printJson(call, removed);
      return 0;
    }
    long freed = 0;
    for (StoredLayer layer : removed) {
      call.out().println(layer.uuid() + "  " + size(layer.bytesOnDisk()) + "  " + source(layer));
      freed += layer.bytesOnDisk();
    }
    call.out().println(removed.size() + " removed, " + size(freed) + " freed");
    return 0;
  }

  private int verify(Call call, LayerInventory inventory) throws IOException {
    List<DamagedLayer> damaged = inventory.verify(repair);
    if (format.equals("json")) {
      List<JsonValue> array = new ArrayList<>();
      for (DamagedLayer each : damaged) {
        array.add(
            json(each.layer())
                .put("problem", each.reason())
                .put("removed", each.removed())
                .build());
      }
      call.out().println(JsonWriter.compact().write(new JsonArray(array)));
    } else {
      for (DamagedLayer each : damaged) {
        call.out().println(each.layer().image() + ": " + each.reason() + advice(each));
      }
      call.out().println(damaged.isEmpty() ? "all are sound" : damaged.size() + " damaged");
    }
    return damaged.isEmpty() ? 0 : 1;
  }

  private String advice(DamagedLayer damaged) {
    if (damaged.removed()) {
      return ": removed, the next container that needs it has it made again";
    }
    return repair ? ": a container is being made with it, try again" : ": --repair removes it";
  }

  /** In the largest unit of which there is one, with one decimal. */
  static String size(long bytes) {
    String[] units = {"KiB", "MiB", "GiB", "TiB"};
    if (bytes < KIB) {
      return bytes + " B";
    }
    long unit = KIB;
    int i = 0;
    while (i < units.length - 1 && bytes >= unit * KIB) {
      unit *= KIB;
      i++;
    }
    return bytes / unit + "." + bytes % unit * TENTHS / unit + " " + units[i];
  }

  /** A number of bytes, by what a person writes. */
  static long bytes(String text) {
    long factor = 1;
    String number = text;
    int unit = text.isEmpty() ? -1 : "KMGT".indexOf(text.charAt(text.length() - 1));
    if (unit >= 0) {
      number = text.substring(0, text.length() - 1);
      for (int i = 0; i <= unit; i++) {
        factor *= KIB;
      }
    }
    return number("--max", text, number, factor);
  }

  /** A number of seconds, by what a person writes. */
  static long duration(String text) {
    char unit = text.isEmpty() ? ' ' : text.charAt(text.length() - 1);
    long factor =
        switch (unit) {
          case 's' -> 1;
          case 'm' -> 60;
          case 'h' -> 3600;
          case 'd' -> 86400;
          default ->
              throw new EngineException(
                  "--older: " + text + ": must be a number with s, m, h or d behind it");
        };
    return number("--older", text, text.substring(0, text.length() - 1), factor);
  }

  /** At most a million million of anything: no time or size that there is overflows with it. */
  private static long number(String option, String text, String number, long factor) {
    boolean digits = !number.isEmpty() && number.length() <= 12;
    for (int i = 0; i < number.length(); i++) {
      digits &= number.charAt(i) >= '0' && number.charAt(i) <= '9';
    }
    if (!digits) {
      throw new EngineException(
          option + ": " + text + ": must begin with a number of 1 to 12 digits");
    }
    try {
      return Math.multiplyExact(Long.parseLong(number), factor);
    } catch (ArithmeticException tooLarge) {
      throw new EngineException(option + ": " + text + ": is too large", tooLarge);
    }
  }
}
