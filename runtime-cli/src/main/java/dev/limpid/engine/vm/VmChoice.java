package dev.limpid.engine.vm;

import dev.limpid.config.KernelParameter;
import dev.limpid.config.LimpidConfiguration;
import dev.limpid.config.Permission;
import dev.limpid.config.TemplateUse;
import dev.limpid.engine.rootfs.RootfsRequest;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonNull;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a container's VM is made of: what the administrator has configured, but for what config.json
 * says otherwise and is allowed to.
 *
 * @param hypervisor QEMU's executable; absolute
 * @param hypervisorParameters more arguments for it
 * @param kernel the guest's kernel; absolute
 * @param kernelParameters put behind Limpid's own on the kernel's command line
 * @param initrd an initial RAM disk; absolute
 * @param image the guest's own root filesystem
 * @param size how large it is to be
 * @param rootfs how the container's root filesystem gets into it
 * @param ports those that lead to it in a network that it shares
 * @param template whether it is the clone of a template
 * @param hugePages which pages its memory consists of
 */
public record VmChoice(
    Path hypervisor,
    List<String> hypervisorParameters,
    Path kernel,
    List<String> kernelParameters,
    Optional<Path> initrd,
    GuestImage image,
    RequestedSize size,
    RootfsRequest rootfs,
    SharedPorts ports,
    TemplateUse template,
    HugePagesRequest hugePages) {
  private static final String ANNOTATIONS = "dev.limpid.";
  private static final String TEMPLATE_ANNOTATION = "dev.limpid.template";

  private static final int HYPERVISOR_PARAMETERS_MAX = 128;
  private static final int HYPERVISOR_PARAMETER_BYTES_MAX = 4096;

  /** Linux cuts its command line off at 2047 bytes, in silence; some of it is Limpid's. */
  private static final int KERNEL_PARAMETERS_BYTES_MAX = 1500;

  /** Copies the lists. */
  public VmChoice {
    hypervisorParameters = List.copyOf(hypervisorParameters);
    kernelParameters = List.copyOf(kernelParameters);
  }

  /**
   * The choice of a container.
   *
   * @param config its config.json, validated
   * @throws dev.limpid.oci.json.InvalidSpecException for what can't be had, and for what the
   *     configuration does not allow, naming the field
   */
  public static VmChoice of(JsonCursor config, LimpidConfiguration configuration) {
    SharedPorts ports = SharedPorts.NONE;
    TemplateUse template = configuration.template();
    HugePagesRequest hugePages = HugePagesRequest.of(configuration);
    for (JsonCursor annotation : config.optionalMembers("annotations")) {
      if (annotation.key().equals(SharedPorts.ANNOTATION)) {
        configuration.require(Permission.PORTS, annotation);
        ports = SharedPorts.of(annotation);
      } else if (annotation.key().equals(TEMPLATE_ANNOTATION)) {
        configuration.require(Permission.TEMPLATE, annotation);
        template = TemplateUse.of(annotation);
      } else if (annotation.key().equals(HugePagesRequest.ANNOTATION)) {
        configuration.require(Permission.HUGE_PAGES, annotation);
        hugePages = HugePagesRequest.of(annotation);
      } else if (annotation.key().startsWith(ANNOTATIONS)) {
        checkAnnotation(annotation, configuration);
      }
    }
    Optional<JsonCursor> vm = config.optional("vm");
    VmChoice configured =
        new VmChoice(
            configuration.hypervisor(),
            List.of(),
            configuration.kernel(),
            configuration.kernelParameters(),
            Optional.empty(),
            GuestImage.raw(configuration.image()),
            RequestedSize.of(config),
            RootfsRequest.of(config, configuration),
            ports,
            template,
            hugePages);
    return vm.isEmpty() ? configured : configured.with(vm.get(), configuration);
  }

  private static void checkAnnotation(JsonCursor annotation, LimpidConfiguration configuration) {
    switch (annotation.key()) {
      case RequestedSize.MEMORY_ANNOTATION -> configuration.require(Permission.MEMORY, annotation);
      case RequestedSize.VCPUS_ANNOTATION -> configuration.require(Permission.VCPUS, annotation);
      case RootfsRequest.ANNOTATION -> configuration.require(Permission.ROOTFS, annotation);
      case RootfsRequest.DISK_ANNOTATION -> configuration.require(Permission.DISK, annotation);
      default ->
          throw annotation.invalid(
              "is no annotation of Limpid; see docs/configuration.md for those there are");
    }
  }

  private VmChoice with(JsonCursor vm, LimpidConfiguration configuration) {
    JsonCursor kernelSection = vm.required("kernel");
    Optional<JsonCursor> hypervisorSection = vm.optional("hypervisor");
    checkHardware(vm.optional("hwConfig"), configuration);
    return new VmChoice(
        hypervisorSection.isEmpty()
            ? hypervisor
            : hypervisorPath(hypervisorSection.get(), configuration),
        hypervisorSection.isEmpty()
            ? List.of()
            : hypervisorParameters(hypervisorSection.get(), configuration),
        file(kernelSection.required("path"), kernel, Permission.KERNEL_PATH, configuration),
        kernelParameters(kernelSection, configuration),
        initrd(kernelSection, configuration),
        image(vm.optional("image"), configuration),
        size,
        rootfs,
        ports,
        template,
        hugePages);
  }

  private Path hypervisorPath(JsonCursor section, LimpidConfiguration configuration) {
    JsonCursor field = section.required("path");
    Path path = file(field, hypervisor, Permission.HYPERVISOR_PATH, configuration);
    if (!Files.isExecutable(path)) {
      throw field.invalid("must be a program that can be executed");
    }
    return path;
  }

  private static List<String> hypervisorParameters(
      JsonCursor section, LimpidConfiguration configuration) {
    List<JsonCursor> elements = section.optionalElements("parameters");
    List<String> parameters = new ArrayList<>(elements.size());
    for (JsonCursor element : elements) {
      configuration.require(Permission.HYPERVISOR_PARAMETERS, element);
      String parameter = element.asString();
      if (parameter.getBytes(StandardCharsets.UTF_8).length > HYPERVISOR_PARAMETER_BYTES_MAX) {
        throw element.invalid("must be at most " + HYPERVISOR_PARAMETER_BYTES_MAX + " bytes long");
      }
      parameters.add(parameter);
    }
    if (parameters.size() > HYPERVISOR_PARAMETERS_MAX) {
      throw section
          .required("parameters")
          .refused("must be at most " + HYPERVISOR_PARAMETERS_MAX + ", found " + parameters.size());
    }
    return parameters;
  }

  private List<String> kernelParameters(JsonCursor section, LimpidConfiguration configuration) {
    List<String> all = new ArrayList<>(kernelParameters);
    for (JsonCursor parameter : section.optionalElements("parameters")) {
      configuration.require(Permission.KERNEL_PARAMETERS, parameter);
    }
    all.addAll(KernelParameter.all(section.optional("parameters")));
    int bytes = 0;
    for (String parameter : all) {
      bytes += parameter.length() + 1;
    }
    if (all.size() > kernelParameters.size() && bytes > KERNEL_PARAMETERS_BYTES_MAX) {
      throw section
          .required("parameters")
          .refused(
              "must leave the kernel's command line within "
                  + KERNEL_PARAMETERS_BYTES_MAX
                  + " bytes, found "
                  + bytes);
    }
    return all;
  }

  private static Optional<Path> initrd(JsonCursor section, LimpidConfiguration configuration) {
    Optional<JsonCursor> field = section.optional("initrd");
    if (field.isEmpty() || field.get().asString().isEmpty()) {
      return Optional.empty();
    }
    configuration.require(Permission.KERNEL_INITRD, field.get());
    return Optional.of(file(field.get()));
  }

  private GuestImage image(Optional<JsonCursor> section, LimpidConfiguration configuration) {
    if (section.isEmpty()) {
      return image;
    }
    Path path =
        file(
            section.get().required("path"),
            configuration.image(),
            Permission.IMAGE_PATH,
            configuration);
    return GuestImage.of(section.get(), path);
  }

  private static void checkHardware(
      Optional<JsonCursor> hardware, LimpidConfiguration configuration) {
    if (hardware.isEmpty()) {
      return;
    }
    for (JsonCursor field : hardware.get().members()) {
      if (field.value() == JsonNull.NULL) {
        continue;
      }
      switch (field.key()) {
        case "vcpus" -> configuration.require(Permission.HARDWARE_VCPUS, field);
        case "memory" -> configuration.require(Permission.HARDWARE_MEMORY, field);
        case "deviceTree" -> {
          if (!field.asString().isEmpty()) {
            throw field.invalid("is not supported: the VM is a PC, which has no device tree");
          }
        }
        case "dtdevs", "iomems", "irqs" -> {
          if (!field.elements().isEmpty()) {
            throw field.refused("not supported: a VM gets no hardware of the host passed through");
          }
        }
        default -> {
          // Later versions of the specification may know more.
        }
      }
    }
  }

  /** A file that is the configured one, or which the configuration allows to be another. */
  private static Path file(
      JsonCursor field, Path configured, Permission permission, LimpidConfiguration configuration) {
    if (field.asString().equals(configured.toString())) {
      return configured;
    }
    configuration.require(permission, field);
    return file(field);
  }

  private static Path file(JsonCursor field) {
    try {
      Path path = Path.of(field.asString());
      if (Files.isRegularFile(path)) {
        return path;
      }
    } catch (InvalidPathException noPath) {
      // There can't be a file of that name.
    }
    throw field.invalid("must be a file of the host");
  }
}
