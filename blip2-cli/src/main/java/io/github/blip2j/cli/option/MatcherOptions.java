package io.github.blip2j.cli.option;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.cli.console.UsageException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What every command on a model of the first stage can be told. */
public final class MatcherOptions extends ModelOptions {
  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description =
          "Required: a folder as of Salesforce/blip2-itm-vit-g, the id of a downloaded one, "
              + "or a .pth of LAVIS's first stage with a tokenizer.json beside it.")
  @Nullable
  public ModelName model;

  @Option(
      names = "--max-text-tokens",
      paramLabel = "N",
      description = {
        "Compare no more than so many tokens of a text; by default 32 of LAVIS's models and all of",
        "Hugging Face's."
      })
  @Nullable Integer maxTextTokens;

  /** What the model is called in results. */
  public String modelName() {
    return String.valueOf(model);
  }

  public ImageTextMatcher load() throws IOException {
    ImageTextMatcher matcher = ImageTextMatcher.load(named().path(), loading());
    if (maxTextTokens == null) {
      return matcher;
    }
    try {
      return matcher.withMaxTextTokens(maxTextTokens);
    } catch (IllegalArgumentException e) {
      matcher.close();
      String said = String.valueOf(e.getMessage());
      throw new UsageException(
          new IllegalArgumentException(
              said.replace("matcher: maxTextTokens expected", "--max-text-tokens: expected"), e));
    }
  }

  /** Checks what must be given, and sets what concerns the whole process. */
  public void prepare() {
    run.prepare();
    named();
  }

  private ModelName named() {
    if (model == null) {
      throw new IllegalArgumentException(
          "--model: a model that matches expected, got none; the bundled one only writes, so give"
              + " a folder as of Salesforce/blip2-itm-vit-g");
    }
    return model;
  }
}
