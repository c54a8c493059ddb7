package io.github.blip2j.blip2.checkpoint.lavis;

import io.github.blip2j.blip2.checkpoint.files.SplitWeights;
import io.github.blip2j.blip2.checkpoint.files.TensorCopy;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.checkpoint.hf.LanguageFolder;
import io.github.blip2j.blip2.checkpoint.hf.ModelFolder;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Families;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.llm.opt.OptFamily;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.vision.VisionFamilies;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The open checkpoints of a {@link Blip2Parts}.
 *
 * @param file the file of LAVIS
 * @param trained its tensors
 */
public record PartCheckpoints(
    Path file, Checkpoint trained, VisionEncoderSource vision, LanguageFolder language)
    implements Closeable {

  /** Tensors to copy, and the checkpoint that has them. */
  public record Copies(ConversionPlan plan, Checkpoint from) {}

  /**
   * Opens all parts.
   *
   * @throws CheckpointException if one is of another kind, or they are not of one model
   */
  static PartCheckpoints open(Path file, Blip2Parts parts, Families families) throws IOException {
    try (var opened = new OpenResources()) {
      Checkpoint trained = ModelFolder.open(file);
      opened.add(trained::close);
      LanguageFolder language = LanguageFolder.open(parts.language(), families.language());
      opened.add(language::close);
      requireSecondStage(file, trained, language, parts.bert(), families.vision());
      VisionEncoderSource vision = vision(parts, file, trained, families.vision());
      opened.add(vision::close);
      return opened.keep(new PartCheckpoints(file, trained, vision, language));
    }
  }

  private static void requireSecondStage(
      Path file,
      Checkpoint trained,
      LanguageFolder language,
      @Nullable Path bert,
      VisionFamilies families)
      throws CheckpointException {
    String wanted = LavisNames.projection(language.family().lavis().requireName());
    Optional<String> got = LavisNames.language(trained.tensors());
    if (!got.map(LavisNames::projection).equals(Optional.of(wanted))) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %s expected for the language model in %s, got %s; %s",
              file,
              wanted,
              language.folder(),
              got.map(LavisNames::projection).orElse("none"),
              got.isEmpty()
                  ? "a file of the first stage has no language model"
                  : "name the language model that the checkpoint was trained with"));
    }
    boolean instructed = new LavisSizes(file.toString(), trained.tensors(), families).takesText();
    if (instructed && language.family() == OptFamily.OPT) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: Q-Former expected to take queries only with %s, got one that takes the instruction"
                  + " too; LAVIS has InstructBLIP with T5 and Vicuna only",
              file,
              wanted));
    }
    if (!instructed && bert != null) {
      throw new CheckpointException(
          file
              + ": Q-Former expected to take the instruction where a BERT is named, got one that "
              + "takes queries only; leave the BERT out");
    }
  }

  private static VisionEncoderSource vision(
      Blip2Parts parts, Path file, Checkpoint trained, VisionFamilies families) throws IOException {
    if (LavisNames.hasVision(trained.tensors())) {
      return new VisionEncoderSource(file, false, trained, families);
    }
    if (parts.vision() == null) {
      throw new CheckpointException(
          file
              + ": vision encoder expected, got the trained part alone; name its file, such as "
              + "eva_vit_g.pth, or a BLIP-2 that has it");
    }
    return VisionEncoderSource.open(parts.vision(), families);
  }

  /** The sizes of all but vision encoder and language model. */
  LavisSizes sizes() {
    return new LavisSizes(file.toString(), trained.tensors(), vision.families());
  }

  /** All parameters. Tensors of LAVIS's file take precedence over those of the other parts. */
  Weights weights(Blip2Config config) throws IOException {
    String family = config.text().family().lavis().requireName();
    var own = new CheckpointWeights(file.toString(), trained, LavisNames.withoutFrozen(family));
    var text =
        new CheckpointWeights(
            language.folder().toString(), languageModel(), HuggingFaceNames.blip2(config));
    return new SplitWeights(
        "language",
        text,
        new SplitWeights(VisionEncoderSource.PATH, vision.weights(config.vision()), own));
  }

  /** The language model's tensors under the names of Hugging Face's BLIP-2. */
  private Checkpoint languageModel() throws IOException {
    String own = LavisNames.inLanguageModel(language.family().lavis().requireName());
    Checkpoint within =
        trained.renamed(
            name ->
                name.startsWith(own)
                    ? Optional.of(HuggingFaceNames.LANGUAGE + name.substring(own.length()))
                    : Optional.empty());
    return within.tensors().isEmpty() ? language.checkpoint() : within;
  }

  /**
   * The tensors of a Hugging Face folder of the whole model.
   *
   * @throws CheckpointException if the vision encoder is not EVA's
   */
  public List<Copies> copies() throws IOException {
    ConversionPlan plan = ConversionPlan.ofLavis(file, trained.tensors(), vision.families());
    List<TensorCopy> own =
        plan.shared().stream()
            .filter(copy -> !copy.spec().name().startsWith(HuggingFaceNames.LANGUAGE))
            .toList();
    List<Copies> copies = new ArrayList<>();
    copies.add(new Copies(new ConversionPlan(own, List.of()), trained));
    if (!LavisNames.hasVision(trained.tensors())) {
      Checkpoint encoder = vision.named();
      copies.add(
          new Copies(
              vision.folder()
                  ? whole(encoder)
                  : ConversionPlan.ofLavis(vision.origin(), encoder.tensors(), vision.families()),
              encoder));
    }
    Checkpoint text = languageModel();
    copies.add(new Copies(whole(text), text));
    return copies;
  }

  private static ConversionPlan whole(Checkpoint checkpoint) throws CheckpointException {
    List<TensorCopy> copies = new ArrayList<>();
    for (TensorEntry entry : checkpoint.tensors().values()) {
      copies.add(TensorCopy.whole(entry.name(), entry));
    }
    return new ConversionPlan(copies, List.of());
  }

  @Override
  public void close() throws IOException {
    OpenResources.closeAll(List.of(trained::close, language::close, vision::close));
  }
}
