package dev.limpid.manual;

import dev.limpid.cli.Limpid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.AutoComplete;

/** Writes what an installation has beside the program: the pages in AsciiDoc, the completion. */
public final class Main {
  private Main() {}

  /**
   * Writes {@code limpid*.adoc} and {@code limpid.bash}.
   *
   * @param args the folder that they go to, made if missing, and the version that the pages name
   */
  public static void main(String[] args) throws IOException {
    Path folder = Files.createDirectories(Path.of(args[0]));
    for (ManualPage page : ManualPage.all(Limpid.commandTree(), args[1])) {
      Files.writeString(folder.resolve(page.name() + ".adoc"), page.text());
    }
    Files.writeString(
        folder.resolve("limpid.bash"), AutoComplete.bash("limpid", Limpid.commandTree()));
  }
}
