package dev.limpid.vm.mountinfo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An overlay that is mounted on the host, taken apart so that a guest can mount the same one.
 *
 * @param lowers its lower directories, the uppermost first; absolute, without symbolic links
 * @param upper its upper directory; empty if nothing can be written to it
 * @param options those that say how the directories are to be read ({@code metacopy}, {@code
 *     redirect_dir}, {@code index}, {@code userxattr}), as one text for mount(2)
 */
public record OverlayMount(List<Path> lowers, Optional<Path> upper, String options) {
  private static final Path MODULE_PARAMETERS = Path.of("/sys/module/overlay/parameters");

  /** Those whose meaning depends on the kernel's settings if they are not given. */
  private static final List<String> SWITCHES = List.of("redirect_dir", "metacopy", "index");

  /** Copies the list. */
  public OverlayMount {
    lowers = List.copyOf(lowers);
  }

  /**
   * Takes an overlay apart.
   *
   * @param mount a mount of type {@code overlay}
   * @throws UnusableOverlayException if its directories can't be found from what the kernel tells
   */
  public static OverlayMount of(HostMount mount) throws UnusableOverlayException {
    return of(mount, MODULE_PARAMETERS);
  }

  static OverlayMount of(HostMount mount, Path moduleParameters) throws UnusableOverlayException {
    List<Path> named = lowersGiven(mount);
    Optional<Path> upperGiven = mount.value("upperdir").map(OverlayMount::path);
    List<Path> bases = bases(mount.mountPoint(), upperGiven);
    List<Path> lowers = new ArrayList<>();
    for (Path given : named) {
      lowers.add(directory(given, bases, "lower"));
    }
    Optional<Path> upper = Optional.empty();
    if (upperGiven.isPresent()) {
      if (mount.readOnly()) {
        throw new UnusableOverlayException("it is mounted read-only and has an upper directory");
      }
      upper = Optional.of(directory(upperGiven.get(), bases, "upper"));
    }
    return new OverlayMount(lowers, upper, options(mount, moduleParameters));
  }

  private static List<Path> lowersGiven(HostMount mount) throws UnusableOverlayException {
    if (mount.value("datadir+").isPresent()) {
      throw new UnusableOverlayException("it has directories that hold data only");
    }
    List<Path> lowers = new ArrayList<>();
    for (String name : mount.values("lowerdir+")) {
      // One directory each, so nothing in it is escaped.
      lowers.add(Path.of(name));
    }
    Optional<String> joined = mount.value("lowerdir");
    if (joined.isPresent()) {
      for (String name : HostMount.split(joined.get(), ':')) {
        if (name.isEmpty()) {
          throw new UnusableOverlayException("it has directories that hold data only");
        }
        lowers.add(path(name));
      }
    }
    if (lowers.isEmpty()) {
      throw new UnusableOverlayException("it has no lower directory");
    }
    return lowers;
  }

  /**
   * What relative names may be relative to. Engines shorten the options of an overlay with many
   * layers by mounting it from the folder that holds them: {@code <base>/<id>/merged} is the mount,
   * {@code <base>/<id>/diff} its upper directory.
   */
  private static List<Path> bases(Path mountPoint, Optional<Path> upper) {
    List<Path> bases = new ArrayList<>();
    if (upper.isPresent() && upper.get().isAbsolute()) {
      addGrandparent(bases, upper.get());
    }
    addGrandparent(bases, mountPoint);
    return bases;
  }

  private static void addGrandparent(List<Path> bases, Path path) {
    Path parent = path.getParent();
    if (parent != null && parent.getParent() != null) {
      bases.add(parent.getParent());
    }
  }

  private static Path directory(Path given, List<Path> bases, String which)
      throws UnusableOverlayException {
    if (given.isAbsolute()) {
      return real(given, which);
    }
    for (Path base : bases) {
      Path candidate = base.resolve(given);
      if (Files.isDirectory(candidate)) {
        return real(candidate, which);
      }
    }
    throw new UnusableOverlayException(
        "its " + which + " directory " + given + " is relative, and it is not known to what");
  }

  private static Path real(Path path, String which) throws UnusableOverlayException {
    try {
      Path real = path.toRealPath();
      if (Files.isDirectory(real)) {
        return real;
      }
    } catch (IOException absent) {
      // Said below: the reason does not matter.
    }
    throw new UnusableOverlayException(
        "its " + which + " directory " + path + " is not a directory that can be reached");
  }

  private static Path path(String escaped) {
    if (escaped.indexOf('\\') < 0) {
      return Path.of(escaped);
    }
    StringBuilder plain = new StringBuilder(escaped.length());
    for (int i = 0; i < escaped.length(); i++) {
      if (escaped.charAt(i) == '\\' && i + 1 < escaped.length()) {
        i++;
      }
      plain.append(escaped.charAt(i));
    }
    return Path.of(plain.toString());
  }

  private static String options(HostMount mount, Path moduleParameters) {
    StringBuilder options = new StringBuilder();
    for (String name : SWITCHES) {
      String value = mount.value(name).orElse("");
      options.append(options.length() == 0 ? "" : ",").append(name).append('=');
      options.append(value.isEmpty() ? setting(moduleParameters, name) : value);
    }
    if (mount.value("userxattr").isPresent()) {
      options.append(",userxattr");
    }
    return options.toString();
  }

  /** What holds on this host where a mount does not say it: the kernel shows only what differs. */
  private static String setting(Path parameters, String name) {
    if (isSet(parameters, name, "Y")) {
      return "on";
    }
    boolean neverFollows =
        name.equals("redirect_dir") && isSet(parameters, "redirect_always_follow", "N");
    return neverFollows ? "nofollow" : "off";
  }

  private static boolean isSet(Path parameters, String name, String value) {
    try {
      return Files.readString(parameters.resolve(name)).strip().equals(value);
    } catch (IOException unknown) {
      return false;
    }
  }
}
