package io.github.blip2j.cli.option;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.model.Convention;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of every command that runs a model with a language model. */
public final class GenerationModelOptions extends ModelOptions {
  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description =
          "Folder of a BLIP-2 model, or the id of a downloaded one as in "
              + "Salesforce/blip2-opt-2.7b; without it, the bundled small model. With "
              + "--language, a .pth of LAVIS's second stage.")
  @Nullable ModelName model;

  @Mixin PartsOptions parts = new PartsOptions();

  @Option(
      names = "--convention",
      paramLabel = "lavis|hf",
      converter = ConventionName.class,
      description =
          "The reference whose numerics and defaults apply: lavis for five beams, prompts to OPT "
              + "cut to 32 tokens and repetition penalties on new tokens only. By default the one "
              + "that the model's files belong to.")
  private @Nullable Convention convention;

  /** The former name of {@code --convention}, for old scripts. */
  @Option(
      names = "--flavour",
      hidden = true,
      paramLabel = "lavis|hf",
      converter = ConventionName.class)
  private @Nullable Convention flavour;

  private @Nullable Convention chosen() {
    return convention == null ? flavour : convention;
  }

  /** The model's name in results. */
  public String modelName() {
    return model == null ? "bundled" : model.toString();
  }

  public Blip2 load() throws IOException {
    Blip2 loaded = loadAsItIs();
    @Nullable Convention chosen = chosen();
    return chosen == null ? loaded : loaded.withConvention(chosen);
  }

  private Blip2 loadAsItIs() throws IOException {
    if (model == null) {
      return Blip2.bundled(loading());
    }
    return parts.areGiven()
        ? Blip2.load(parts.of(model.path()), loading())
        : Blip2.load(model.path(), loading());
  }

  /** The convention whose defaults the loaded model will have. */
  public Convention convention() {
    @Nullable Convention chosen = chosen();
    if (chosen != null) {
      return chosen;
    }
    return parts.areGiven() ? Convention.LAVIS : Convention.HF;
  }

  /** Changes with the files of the model, and with how they are computed with. */
  public String identity() throws IOException {
    List<Path> files = new ArrayList<>(ModelName.paths(model));
    files.addAll(parts.paths());
    files.addAll(adapters());
    return ModelIdentity.of(files) + " " + weights.dtype + " " + convention();
  }

  /**
   * Checks that no model is named, where none is run. Its parts and adapters need it beside them.
   *
   * @param instead the option of the results that are there already
   */
  public void requireNone(String instead) {
    if (model != null) {
      throw new IllegalArgumentException(
          instead
              + ": results of an earlier run expected without a model, got --model too; leave one"
              + " of them out");
    }
  }

  /** Checks what must go together, and sets what concerns the whole process. */
  public void prepare() {
    run.prepare();
    parts.requireAgreement(model != null);
    requireModel(model != null);
  }
}
