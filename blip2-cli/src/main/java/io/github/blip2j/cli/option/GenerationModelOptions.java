package io.github.blip2j.cli.option;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.model.Convention;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What every command on a model that writes can be told. */
public final class GenerationModelOptions extends ModelOptions {
  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description =
          "Folder of a BLIP-2 model, or the id of a downloaded one as in "
              + "Salesforce/blip2-opt-2.7b; without it, a tiny model of drawn scenes. With "
              + "--language, a .pth of LAVIS's second stage.")
  @Nullable ModelName model;

  @Mixin PartsOptions parts = new PartsOptions();

  @Option(
      names = "--flavour",
      paramLabel = "lavis|hf",
      converter = ConventionName.class,
      description =
          "Whose numbers and defaults to follow: lavis for five beams, prompts to OPT of 32 "
              + "tokens and penalties that see new words only. Of the model's own files by default.")
  @Nullable Convention flavour;

  /** What the model is called in results. */
  public String modelName() {
    return model == null ? "bundled" : model.toString();
  }

  public Blip2 load() throws IOException {
    Blip2 loaded = loadAsItIs();
    return flavour == null ? loaded : loaded.withConvention(flavour);
  }

  private Blip2 loadAsItIs() throws IOException {
    if (model == null) {
      return Blip2.bundled(dtype);
    }
    return parts.areGiven()
        ? Blip2.load(parts.of(model.path()), loading())
        : Blip2.load(model.path(), loading());
  }

  /** Whose defaults the loaded model will have. */
  public Convention flavour() {
    if (flavour != null) {
      return flavour;
    }
    return parts.areGiven() ? Convention.LAVIS : Convention.HF;
  }

  /** Checks what must go together, and sets what concerns the whole process. */
  public void prepare() {
    run.prepare();
    parts.requireAgreement(model != null);
    requireModel(model != null);
  }
}
