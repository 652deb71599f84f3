package dev.limpid.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What every verb is: options that picocli fills in, and one thing to do with them. */
@Command(
    optionListHeading = "%nOptions:%n",
    parameterListHeading = "%nArguments:%n",
    descriptionHeading = "%n",
    sortOptions = false)
abstract class Verb {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this.")
  @SuppressWarnings("unused") // picocli looks at it
  private boolean help;

  /**
   * Takes its arguments if they are plain; the verbs that engines call do.
   *
   * @throws NotPlainException if they are not, or none are of this verb; it is of no use then
   */
  void take(PlainArguments arguments) {
    throw new NotPlainException();
  }

  /**
   * Does it.
   *
   * @return the exit status
   */
  abstract int run(Call call);

  /** The exit status if it can't be done. */
  int failureStatus() {
    return 1;
  }
}
