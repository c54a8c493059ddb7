package io.github.blip2j.cli.model;

import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.LogSettings;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.pretraining.parts.DrawnPart;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code blip2 create}: a part with drawn weights, from which training from nothing begins. */
@Command(
    name = "create",
    description = {
      "Writes the folder of a vision encoder, a BERT or a language model with random weights.",
      "train reads it as it reads a pretrained one."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class CreateCommand implements Callable<Integer> {
  private final Console console;

  /** The kinds of parts. */
  enum Kind {
    VISION,
    BERT,
    LANGUAGE;

    /** Reads the parameter. */
    static final class Converter implements ITypeConverter<Kind> {
      Converter() {}

      @Override
      public Kind convert(String value) {
        return switch (value) {
          case "vision" -> VISION;
          case "bert" -> BERT;
          case "language" -> LANGUAGE;
          default ->
              throw new TypeConversionException(
                  "kind expected vision, bert or language, got " + value);
        };
      }
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Parameters(
      index = "0",
      paramLabel = "KIND",
      converter = Kind.Converter.class,
      description = "vision, bert or language.")
  private Kind kind = Kind.VISION;

  @Parameters(index = "1", paramLabel = "OUT", description = "A folder without a model.")
  private Path out = Path.of("");

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "A config.json of transformers with the sizes.")
  private Path config = Path.of("");

  @Option(
      names = "--tokenizer",
      paramLabel = "DIR",
      description =
          "For bert and language: the folder of the tokenizer, which is copied and tells the size of "
              + "the vocabulary.")
  private @Nullable Path tokenizer;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of the weights; default: ${DEFAULT-VALUE}.")
  private long seed = 42;

  @Option(names = "--debug", description = "Log more, and print stack traces of errors.")
  private boolean debug;

  public CreateCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (debug) {
      LogSettings.debug();
    }
    Path words = tokenizer;
    if ((kind == Kind.VISION) != (words == null)) {
      throw new UsageException(
          new IllegalArgumentException(
              String.format(
                  Locale.ROOT,
                  "create %s: --tokenizer expected %s",
                  kind,
                  words == null
                      ? "with the part's words, got none"
                      : "for bert and language only")));
    }
    var part = new DrawnPart(config, seed);
    if (words == null) {
      part.vision(out);
    } else if (kind == Kind.BERT) {
      part.bert(words, out);
    } else {
      part.language(words, out);
    }
    console.out().println("wrote " + out);
    return ExitCode.OK;
  }
}
