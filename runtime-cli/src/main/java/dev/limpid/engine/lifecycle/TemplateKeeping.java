package dev.limpid.engine.lifecycle;

import dev.limpid.config.LimpidConfiguration;
import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.vm.VmChoice;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.vm.template.StoredTemplate;
import dev.limpid.vm.template.Template;
import dev.limpid.vm.template.TemplateStore;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** What an administrator does with the templates of VMs. */
public final class TemplateKeeping {
  private final EngineContext context;
  private final LimpidConfiguration configuration;
  private final VmTemplates templates;
  private final TemplateStore store;

  /** Keeps the templates of the context's configuration. */
  public TemplateKeeping(EngineContext context) {
    this.context = context;
    this.configuration = LimpidConfiguration.load(context.environment(), context.home());
    this.templates = new VmTemplates(context, configuration);
    this.store = new TemplateStore(configuration.templates(), context.clock());
  }

  /** All there are, the one that was not used for the longest time first. */
  public List<StoredTemplate> list() {
    try {
      return store.list();
    } catch (IOException failed) {
      throw failed(failed);
    }
  }

  /**
   * Makes a template, unless it is there.
   *
   * @param memoryMiB its memory; empty: what is configured
   * @param vcpus its processors; empty: what is configured
   * @throws EngineException if it can't be made
   */
  public Template build(OptionalInt memoryMiB, OptionalInt vcpus) {
    VmBlueprint blueprint =
        blueprint(
            new VmSize(
                memoryMiB.orElse(configuration.memoryMiB()), vcpus.orElse(configuration.vcpus())));
    try {
      return store
          .make(templates.build(blueprint))
          .orElseThrow(
              () ->
                  new EngineException(
                      "template: there are "
                          + TemplateStore.TEMPLATES_MAX
                          + " already, all of which were used not long ago; remove one"));
    } catch (IOException failed) {
      throw failed(failed);
    }
  }

  /**
   * Removes a template.
   *
   * @throws EngineException if there is none of that name
   */
  public void remove(String name) {
    try {
      if (!store.remove(name)) {
        throw new EngineException("template: " + name + " does not exist");
      }
    } catch (IOException failed) {
      throw failed(failed);
    }
  }

  /**
   * Makes a clone of a template, and has its agent get it ready.
   *
   * @return what is wrong with it; empty: nothing
   */
  public Optional<String> verify(StoredTemplate stored) {
    try {
      return store.trial(stored.template(), configuration.shim());
    } catch (IOException failed) {
      throw failed(failed);
    }
  }

  /** Of a VM of whose container nobody says anything. */
  private VmBlueprint blueprint(VmSize size) {
    JsonCursor nothing = JsonCursor.root("config.json", JsonObject.builder().build());
    return new VmBlueprint(
        context, configuration, VmChoice.of(nothing, configuration), size, HostSize.read());
  }

  private EngineException failed(IOException failed) {
    return new EngineException(
        "template: " + configuration.templates() + ": " + failed.getMessage(), failed);
  }
}
