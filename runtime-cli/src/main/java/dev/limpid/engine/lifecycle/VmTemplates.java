package dev.limpid.engine.lifecycle;

import dev.limpid.config.HugePages;
import dev.limpid.config.LimpidConfiguration;
import dev.limpid.config.TemplateUse;
import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.vm.VmChoice;
import dev.limpid.vm.template.Template;
import dev.limpid.vm.template.TemplateBuild;
import dev.limpid.vm.template.TemplateDescription;
import dev.limpid.vm.template.TemplateStore;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** Finds, or makes, the template that a VM can be a clone of. What goes wrong costs time only. */
final class VmTemplates {
  private final EngineContext context;
  private final LimpidConfiguration configuration;
  private final TemplateStore store;

  VmTemplates(EngineContext context, LimpidConfiguration configuration) {
    this.context = context;
    this.configuration = configuration;
    this.store = new TemplateStore(configuration.templates(), context.clock());
  }

  /**
   * The template of a VM.
   *
   * @param blueprint the VM
   * @return empty if it is to be booted
   */
  Optional<Template> of(VmBlueprint blueprint) {
    VmChoice choice = blueprint.choice();
    // Nobody knows what they make of it.
    boolean unknown = !choice.hypervisorParameters().isEmpty();
    // What the shim copies a template's memory into consists of usual ones.
    boolean huge = choice.hugePages().pages() != HugePages.NEVER;
    if (choice.template() == TemplateUse.NEVER || unknown || huge) {
      return Optional.empty();
    }
    try {
      return find(blueprint);
    } catch (IOException | RuntimeException failed) {
      // Whatever it is, a VM can be booted.
      context.journal().warn("no template, the virtual machine is booted: " + failed.getMessage());
      return Optional.empty();
    }
  }

  private Optional<Template> find(VmBlueprint blueprint) throws IOException {
    TemplateBuild build = build(blueprint);
    TemplateDescription description = build.description();
    Optional<Template> found = store.use(description);
    if (found.isPresent()) {
      return found;
    }
    Optional<String> why = store.discouragement(description);
    if (why.isPresent()) {
      context.journal().debug("template " + description.name() + " was given up: " + why.get());
      return Optional.empty();
    }
    // Of others there may be one container only, and it would wait for nothing.
    if (!blueprint.isUsual() && !store.wantedAgain(description)) {
      return Optional.empty();
    }
    context.journal().debug("template " + description.name() + " is made");
    return store.make(build);
  }

  /** How the template of a VM is made. */
  TemplateBuild build(VmBlueprint blueprint) throws IOException {
    return new TemplateBuild(
        configuration.shim(),
        blueprint.template(),
        blueprint.growth(),
        Duration.ofSeconds(configuration.startTimeoutSeconds()));
  }

  /**
   * Whether a clone, whose hypervisor has opened its files by now, is one of this template.
   *
   * @throws EngineException if what it was made of has been replaced meanwhile
   */
  void require(Template template) {
    try {
      if (!store.isStill(template)) {
        throw new EngineException("it has been replaced meanwhile");
      }
    } catch (IOException failed) {
      throw new EngineException(failed.getMessage(), failed);
    }
  }

  /** No more clones are made of a template, because none comes up where a booted VM does. */
  void discard(Template template, String why) {
    context
        .journal()
        .warn(
            "template "
                + template.name()
                + " is given up, the virtual machine has been booted: "
                + why);
    try {
      store.discard(template, why);
    } catch (IOException failed) {
      context.journal().warn("template " + template.name() + ": " + failed.getMessage());
    }
  }
}
