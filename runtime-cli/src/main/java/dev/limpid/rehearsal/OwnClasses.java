package dev.limpid.rehearsal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Limpid's own classes, which a verb may need although the rehearsal did not come that far. */
final class OwnClasses {
  private static final String PREFIX = "dev/limpid/";
  private static final String SUFFIX = ".class";

  private OwnClasses() {}

  /** Loads those of a jar, initializing none. */
  static void load(Path jar) throws IOException {
    try (ZipFile file = new ZipFile(jar.toFile())) {
      Enumeration<? extends ZipEntry> entries = file.entries();
      while (entries.hasMoreElements()) {
        String name = entries.nextElement().getName();
        if (name.startsWith(PREFIX) && name.endsWith(SUFFIX) && !name.contains("-info")) {
          load(name.substring(0, name.length() - SUFFIX.length()).replace('/', '.'));
        }
      }
    }
  }

  private static void load(String name) {
    try {
      Class.forName(name, false, OwnClasses.class.getClassLoader());
    } catch (ClassNotFoundException impossible) {
      throw new IllegalStateException(name, impossible);
    }
  }
}
