package dev.limpid.cli;

import dev.limpid.engine.SupportedFeatures;
import dev.limpid.oci.json.JsonWriter;
import picocli.CommandLine.Command;

/** {@code limpid features}. */
@Command(
    name = "features",
    header = "Prints what this runtime can do, as JSON.",
    description = {"The features document of the OCI runtime specification."})
final class FeaturesCommand extends Verb {
  @Override
  void take(PlainArguments arguments) {
    if (arguments.next()) {
      throw new NotPlainException();
    }
  }

  @Override
  int run(Call call) {
    call.out().println(JsonWriter.indented("  ").write(SupportedFeatures.document().toJson()));
    return 0;
  }
}
