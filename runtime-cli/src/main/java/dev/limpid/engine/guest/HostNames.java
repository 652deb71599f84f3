package dev.limpid.engine.guest;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * {@code hostname} and {@code domainname} of a container without a UTS namespace of its own: it has
 * the host's, as they are when it is made.
 */
final class HostNames {
  private final Path kernel;

  /**
   * Names of a kernel.
   *
   * @param kernel its folder of sysctls, /proc/sys/kernel
   */
  HostNames(Path kernel) {
    this.kernel = kernel;
  }

  /**
   * Adds them where they are needed.
   *
   * @param config the bundle's config.json
   * @param guest the guest's
   * @throws dev.limpid.oci.json.InvalidSpecException if the host's would have to be changed
   */
  JsonObject addTo(JsonCursor config, JsonObject guest) {
    Set<String> types = NamespaceTranslation.types(config.required("linux"));
    if (types.contains("uts")) {
      return guest;
    }
    JsonObject named = guest;
    for (String name : new String[] {"hostname", "domainname"}) {
      if (config.optionalString(name).filter(given -> !given.isEmpty()).isPresent()) {
        throw config.required(name).invalid("must not be there without a UTS namespace");
      }
      String host = read(name);
      named =
          host.isEmpty() || host.equals("(none)") ? named.without(name) : named.with(name, host);
    }
    return named;
  }

  private String read(String name) {
    try {
      return Files.readString(kernel.resolve(name), StandardCharsets.UTF_8).strip();
    } catch (IOException unknown) {
      return "";
    }
  }
}
