package dev.limpid.manual;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.cli.Limpid;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The installed man pages, read with groff. */
class ManualPagesIT {
  private static final String FOLDER = "share/man/man8";

  static List<String> names() {
    return commands().map(command -> command.qualifiedName("-")).toList();
  }

  private static Stream<CommandSpec> commands() {
    CommandLine tree = Limpid.commandTree();
    return Stream.concat(Stream.of(tree), tree.getSubcommands().values().stream())
        .map(CommandLine::getCommandSpec);
  }

  private static CommandSpec command(String name) {
    return commands()
        .filter(command -> command.qualifiedName("-").equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void thereIsOneForLimpidAndOneForEachVerb() throws IOException {
    try (Stream<Path> files = Files.list(Tool.installed(FOLDER))) {
      Set<String> there =
          files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
      Set<String> expected =
          names().stream().map(name -> name + ".8.gz").collect(Collectors.toSet());

      assertEquals(new TreeSet<>(expected), new TreeSet<>(there));
      assertTrue(there.contains("limpid-create.8.gz"));
    }
  }

  /** What the help says has to survive two translations: each name, synopsis, description. */
  @ParameterizedTest
  @MethodSource("names")
  void saysWhatTheHelpSays(String name) throws Exception {
    CommandSpec command = command(name);
    String page = words(rendered(name));

    List<String> missing = new ArrayList<>();
    CommandLine.Help help = new CommandLine.Help(command, Ansi.OFF);
    require(page, help.synopsis(0), missing);
    for (String line : command.usageMessage().header()) {
      require(page, name + " - " + line, missing);
    }
    assertTrue(command.usageMessage().description().length > 0, "no description");
    for (String line : command.usageMessage().description()) {
      require(page, line, missing);
    }
    for (String line : command.usageMessage().footer()) {
      require(page, line, missing);
    }
    for (OptionSpec option : command.options()) {
      if (!option.hidden()) {
        for (String optionName : option.names()) {
          require(page, optionName, missing);
        }
        require(
            page,
            option.longestName()
                + help.parameterLabelRenderer().renderParameterLabel(option, Ansi.OFF, List.of()),
            missing);
        for (String line : option.description()) {
          require(page, line.replace("${DEFAULT-VALUE}", option.defaultValueString()), missing);
        }
      }
    }
    for (PositionalParamSpec argument : command.positionalParameters()) {
      require(
          page,
          help.parameterLabelRenderer().renderParameterLabel(argument, Ansi.OFF, List.of())
              + " "
              + argument.description()[0].replace(
                  "${DEFAULT-VALUE}", String.valueOf(argument.defaultValueString())),
          missing);
    }

    assertEquals(List.of(), missing, page);
  }

  @ParameterizedTest
  @MethodSource("names")
  void groffHasNothingToWarnOf(String name) throws Exception {
    try (InputStream roff = roff(name)) {
      assertEquals("", Tool.output(roff, "groff", "-ww", "-man", "-Tutf8", "-z"));
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void isInSectionEightAndNamesItsVersionAndTheOthers(String name) throws Exception {
    String page = words(rendered(name));

    assertTrue(page.startsWith(name.toUpperCase(Locale.ROOT) + "(8) Limpid Manual "), page);
    assertTrue(page.contains(" SEE ALSO limpid"), page);
    assertTrue(page.matches(".* Limpid [0-9]\\S* [0-9]{4}-[0-9]{2}-[0-9]{2} .*"), page);
  }

  private static void require(String page, String text, List<String> missing) {
    String expected = words(text);
    if (!page.contains(expected)) {
      missing.add(expected);
    }
  }

  /** Where lines end does not matter, nor what the quotation marks look like. */
  private static String words(String text) {
    return text.replaceAll("%n", " ").replaceAll("[‘’]", "'").replaceAll("\\s+", " ").strip();
  }

  private static String rendered(String name) throws IOException, InterruptedException {
    try (InputStream roff = roff(name)) {
      // Without escape sequences, and not broken into pages.
      return Tool.output(roff, "groff", "-man", "-Tutf8", "-P-cbou", "-rcR=1", "-rLL=200n");
    }
  }

  private static InputStream roff(String name) throws IOException {
    byte[] packed = Files.readAllBytes(Tool.installed(FOLDER + "/" + name + ".8.gz"));
    return new GZIPInputStream(new ByteArrayInputStream(packed));
  }
}
