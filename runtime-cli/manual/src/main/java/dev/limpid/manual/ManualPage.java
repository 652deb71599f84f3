package dev.limpid.manual;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.codegen.docgen.manpage.ManPageGenerator;

/**
 * The page of one command, in AsciiDoc.
 *
 * @param name {@code limpid} or {@code limpid-VERB}: its name in section 8 of the manual
 * @param text the page
 */
record ManualPage(String name, String text) {
  private static final String SECTION = "8";

  /** The pages of a command and of all that are below it. The tree is of no other use then. */
  static List<ManualPage> all(CommandLine tree, String version) {
    List<CommandSpec> commands = new ArrayList<>();
    commands.add(tree.getCommandSpec());
    tree.getSubcommands().values().forEach(verb -> commands.add(verb.getCommandSpec()));
    List<ManualPage> pages = new ArrayList<>();
    for (CommandSpec command : commands) {
      pages.add(of(command, version));
    }
    return pages;
  }

  private static ManualPage of(CommandSpec command, String version) {
    command.version("Limpid " + version);
    UsageMessageSpec usage = command.usageMessage();
    usage.footerHeading(heading(usage.footerHeading()));
    String name = command.qualifiedName("-");
    StringWriter text = new StringWriter();
    ManPageGenerator.writeSingleManPage(new PrintWriter(text, true), command);
    return new ManualPage(name, inSection(text.toString(), name) + seeAlso(command));
  }

  /** What stands above a part of the help, as the name of a section. */
  private static String heading(String inHelp) {
    return inHelp.replace("%n", "").replace(":", "").toUpperCase(Locale.ROOT);
  }

  /** picocli's pages are all of section 1; this is a program of the administrator. */
  private static String inSection(String text, String name) {
    String title = "= " + name;
    String there = title + "(1)\n";
    if (!text.contains(there)) {
      throw new IllegalStateException(name + ": no title in " + text);
    }
    return text.replace(there, title + "(" + SECTION + ")\n");
  }

  private static String seeAlso(CommandSpec command) {
    List<String> others = new ArrayList<>();
    if (command.parent() != null) {
      others.add(command.parent().qualifiedName("-"));
    }
    command
        .subcommands()
        .values()
        .forEach(verb -> others.add(verb.getCommandSpec().qualifiedName("-")));
    StringBuilder text = new StringBuilder("== See also\n\n");
    String separator = "";
    for (String other : others) {
      text.append(separator).append('*').append(other).append("*(" + SECTION + ")");
      separator = ", ";
    }
    return text.append('\n').toString();
  }
}
