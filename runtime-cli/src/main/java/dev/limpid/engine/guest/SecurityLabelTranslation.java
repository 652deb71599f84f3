package dev.limpid.engine.guest;

import dev.limpid.engine.Journal;
import dev.limpid.oci.json.JsonObject;

/**
 * {@code process.apparmorProfile}, {@code process.selinuxLabel} and {@code linux.mountLabel}: the
 * guest has no such security modules, and the profile names mean something on the host only.
 */
final class SecurityLabelTranslation {
  private SecurityLabelTranslation() {}

  static JsonObject process(JsonObject process, Journal journal) {
    JsonObject result = process;
    for (String label : new String[] {"apparmorProfile", "selinuxLabel"}) {
      if (result.get(label).isPresent()) {
        journal.debug("process." + label + ": left out, the guest's kernel has no such module");
        result = result.without(label);
      }
    }
    return result;
  }

  static JsonObject linux(JsonObject linux, Journal journal) {
    if (linux.get("mountLabel").isEmpty()) {
      return linux;
    }
    journal.debug("linux.mountLabel: left out, the guest's kernel has no SELinux");
    return linux.without("mountLabel");
  }
}
