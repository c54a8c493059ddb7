package io.github.blip2j.cli.option;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.inference.BundledModel;
import io.github.blip2j.cli.console.UsageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command that runs a first-stage (retrieval) model. */
public final class MatcherOptions extends ModelOptions {
  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description =
          "A folder as of Salesforce/blip2-itm-vit-g, the id of a downloaded one, or a .pth of "
              + "LAVIS's first stage with a tokenizer.json beside it; without it, the bundled small "
              + "model.")
  @Nullable
  public ModelName model;

  @Option(
      names = "--max-text-tokens",
      paramLabel = "N",
      description =
          "Most tokens of a text that are compared; by default 32 of LAVIS's models and "
              + "all of Hugging Face's, and 35 in evaluate.")
  @Nullable Integer maxTextTokens;

  /** The model's name in results. */
  public String modelName() {
    return model == null ? "bundled" : model.toString();
  }

  public ImageTextMatcher load() throws IOException {
    ImageTextMatcher matcher =
        model == null
            ? ImageTextMatcher.bundled(loading())
            : ImageTextMatcher.load(model.path(), loading());
    if (maxTextTokens == null) {
      return matcher;
    }
    try {
      return matcher.withMaxTextTokens(maxTextTokens);
    } catch (IllegalArgumentException e) {
      matcher.close();
      throw new UsageException(e);
    }
  }

  /** Changes with the files of the model, and with how they are computed with. */
  public String identity() throws IOException {
    return (model == null ? BundledModel.matcherDigest() : ModelIdentity.of(files()))
        + " "
        + weights.dtype;
  }

  /** The named model, and its adapter if one is named. */
  public List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>(ModelName.paths(model));
    files.addAll(adapters());
    return files;
  }

  /** Checks what must go together, and applies the settings of the whole process. */
  public void prepare() {
    run.prepare();
    requireModel(model != null);
  }
}
