package io.github.blip2j.cli;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.Flavour;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What every command on a model that writes can be told. */
final class WriterOptions extends ModelOptions {
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
      converter = FlavourName.class,
      description =
          "Whose numbers and defaults to follow: lavis for five beams, prompts to OPT of 32 "
              + "tokens and penalties that see new words only. Of the model's own files by default.")
  @Nullable Flavour flavour;

  /** What the model is called in results. */
  String modelName() {
    return model == null ? "bundled" : model.toString();
  }

  Blip2 load() throws IOException {
    Blip2 loaded = loadAsItIs();
    return flavour == null ? loaded : loaded.withFlavour(flavour);
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
  Flavour flavour() {
    if (flavour != null) {
      return flavour;
    }
    return parts.areGiven() ? Flavour.LAVIS : Flavour.HF;
  }

  /** Checks what must go together, and sets what concerns the whole process. */
  void prepare() {
    run.prepare();
    parts.requireAgreement(model != null);
    requireModel(model != null);
  }
}
