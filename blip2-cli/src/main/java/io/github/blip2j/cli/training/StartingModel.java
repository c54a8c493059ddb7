package io.github.blip2j.cli.training;

import io.github.blip2j.cli.option.ModelName;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The rule for the model that a stage starts from: {@code --model}, or both of two parts. */
final class StartingModel {
  private StartingModel() {}

  /**
   * Checks that a model is named in one of the two ways.
   *
   * @param options the command and its options, for the message
   */
  static void require(
      String options,
      @Nullable ModelName model,
      @Nullable ModelName first,
      @Nullable ModelName second) {
    boolean both = first != null && second != null;
    boolean either = first != null || second != null;
    if (model == null ? !both : either) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s expected, got %s",
              options,
              model != null ? "both" : either ? "one of the two" : "neither"));
    }
  }

  /** A named model, after {@link #require}. */
  static ModelName checked(@Nullable ModelName name) {
    if (name == null) {
      throw new AssertionError("options without a model are refused");
    }
    return name;
  }
}
