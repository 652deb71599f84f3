package dev.limpid.oci.config;

import dev.limpid.oci.SpecVersion;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonValue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads and checks the documents of a caller: config.json, the process of an {@code exec} and the
 * resources of an {@code update}. Pure functions but for the reading of the file.
 *
 * <p>All of them throw {@link dev.limpid.oci.json.JsonSyntaxException} for what is not JSON and
 * {@link dev.limpid.oci.json.InvalidSpecException} for what breaks the specification; both are
 * {@link dev.limpid.oci.json.DocumentException}s.
 */
public final class ConfigParser {
  /** The name of the configuration in a bundle and in messages. */
  public static final String FILE_NAME = "config.json";

  /** The kernel's bound on host and domain names (__NEW_UTS_LEN). */
  private static final int MAX_UTS_NAME_BYTES = 64;

  private ConfigParser() {}

  /**
   * Reads the config.json of a bundle.
   *
   * @throws IOException if the file cannot be read
   */
  public static ParsedConfig read(Path file) throws IOException {
    return parse(FILE_NAME, new JsonReader(FILE_NAME).read(file));
  }

  /**
   * Checks a configuration.
   *
   * @param document the name in the messages
   */
  public static ParsedConfig parse(String document, JsonValue json) {
    JsonCursor root = JsonCursor.root(document, json);
    Warnings warnings = new Warnings();
    Config config = config(root, warnings);
    return new ParsedConfig(config, warnings.all());
  }

  /**
   * Checks the process of an {@code exec}.
   *
   * @param document the name in the messages
   */
  public static ParsedProcess parseProcess(String document, JsonValue json) {
    Warnings warnings = new Warnings();
    ContainerProcess process = ProcessParser.parse(JsonCursor.root(document, json), warnings);
    return new ParsedProcess(process, warnings.all());
  }

  /**
   * Checks the resources of an {@code update}.
   *
   * @param document the name in the messages
   */
  public static Resources parseResources(String document, JsonValue json) {
    return ResourcesParser.parse(JsonCursor.root(document, json));
  }

  private static Config config(JsonCursor root, Warnings warnings) {
    String ociVersion = version(root.required("ociVersion"));
    ContainerProcess process = ProcessParser.parse(root.required("process"), warnings);
    Root filesystem = root(root.required("root"));
    Optional<String> hostname = utsName(root, "hostname");
    Optional<String> domainname = utsName(root, "domainname");
    List<Mount> mounts = MountParser.parse(root, warnings);
    Optional<JsonCursor> hooks = root.optional("hooks");
    Map<String, String> annotations = TextRule.map(root, "annotations");
    Optional<JsonCursor> linux = root.optional("linux");
    Optional<JsonCursor> vm = root.optional("vm");
    return new Config(
        ociVersion,
        process,
        filesystem,
        hostname,
        domainname,
        mounts,
        hooks.isEmpty() ? Hooks.NONE : HooksParser.parse(hooks.get()),
        annotations,
        linux.isEmpty() ? Linux.NONE : LinuxParser.parse(linux.get()),
        vm.isEmpty() ? Optional.empty() : Optional.of(VmParser.parse(vm.get())),
        root.asObject());
  }

  private static String version(JsonCursor cursor) {
    String version = cursor.asString();
    if (!SpecVersion.isWellFormed(version)) {
      throw cursor.invalid("must be a version such as \"" + SpecVersion.CURRENT + "\"");
    }
    if (!SpecVersion.isSupported(version)) {
      throw cursor.invalid("must be a version 1.x of the runtime-spec");
    }
    return version;
  }

  private static Root root(JsonCursor cursor) {
    return new Root(TextRule.path(cursor.required("path")), cursor.optionalBoolean("readonly"));
  }

  private static Optional<String> utsName(JsonCursor root, String member) {
    Optional<JsonCursor> found = TextRule.optional(root, member);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    String name = TextRule.text(found.get());
    if (name.getBytes(StandardCharsets.UTF_8).length > MAX_UTS_NAME_BYTES) {
      throw found.get().invalid("must be at most " + MAX_UTS_NAME_BYTES + " bytes long");
    }
    return Optional.of(name);
  }
}
