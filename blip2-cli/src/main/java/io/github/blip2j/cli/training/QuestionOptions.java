package io.github.blip2j.cli.training;

import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.pretraining.QuestionTexts;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** How questions are read and which answers are learnt. */
final class QuestionOptions {
  @Option(
      names = "--qformer-text",
      paramLabel = "PATH",
      description =
          "A first stage (LAVIS's folder or .pth, or a Hugging Face folder) whose text side the "
              + "Q-Former gets, so that it reads the input too, as in InstructBLIP. With train vqa "
              + "and --stage1, that first stage by default.")
  @Nullable ModelName textSide;

  @Option(
      names = "--queries-only",
      description = "With train vqa: leave the question out of the Q-Former.")
  boolean queriesOnly;

  @Option(
      names = "--answers",
      paramLabel = "CHOICE",
      converter = ChoiceName.class,
      description =
          "With train vqa, the answer of each epoch: weighted (drawn as often as people gave it), "
              + "distinct (all different ones alike), most-frequent. Default: weighted.")
  QuestionTexts.Choice answers = QuestionTexts.Choice.WEIGHTED;

  QuestionOptions() {}

  /** Reads {@code --answers}. */
  static final class ChoiceName implements ITypeConverter<QuestionTexts.Choice> {
    ChoiceName() {}

    @Override
    public QuestionTexts.Choice convert(String value) {
      return switch (value) {
        case "weighted" -> QuestionTexts.Choice.WEIGHTED;
        case "distinct" -> QuestionTexts.Choice.DISTINCT;
        case "most-frequent" -> QuestionTexts.Choice.MOST_FREQUENT;
        default ->
            throw new TypeConversionException(
                "answers expected weighted, distinct or most-frequent, got " + value);
      };
    }
  }

  /** Checks combinations of options. */
  void requireAgreement(String command) {
    if (textSide != null && queriesOnly) {
      throw new IllegalArgumentException(
          command + ": --qformer-text or --queries-only expected, got both");
    }
  }

  /** Checks that the question reaches the Q-Former, or was kept from it by will. */
  void requireReader(Blip2Config config) {
    if (!config.readsInstruction() && !queriesOnly) {
      throw new UsageException(
          new IllegalArgumentException(
              "train vqa: Q-Former expected to read questions, got one of queries only; name the"
                  + " first stage with its text side (--qformer-text), or leave the question to the"
                  + " language model (--queries-only)"));
    }
  }
}
