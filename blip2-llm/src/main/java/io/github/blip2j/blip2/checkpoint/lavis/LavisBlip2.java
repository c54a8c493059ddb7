package io.github.blip2j.blip2.checkpoint.lavis;

import com.google.gson.JsonObject;
import io.github.blip2j.blip2.checkpoint.files.BeginToken;
import io.github.blip2j.blip2.checkpoint.files.Blip2Source;
import io.github.blip2j.blip2.checkpoint.files.InstructionTokenizerFolder;
import io.github.blip2j.blip2.checkpoint.files.OpenWeights;
import io.github.blip2j.blip2.checkpoint.files.TokenizerCopy;
import io.github.blip2j.blip2.checkpoint.hf.Blip2Json;
import io.github.blip2j.blip2.checkpoint.hf.LanguageSizes;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.blip2.model.Families;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.TokenizerFolder;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A BLIP-2 or InstructBLIP in a file of LAVIS that other parts complete. */
public final class LavisBlip2 implements Blip2Source {
  private final Path file;
  private final Blip2Parts parts;
  private final Families families;
  private final LanguageSizes language;
  private final Blip2Config config;
  private final @Nullable Path instructions;

  private LavisBlip2(Path file, Blip2Parts parts, Families families, PartCheckpoints open)
      throws IOException {
    this.file = file;
    this.parts = parts;
    this.families = families;
    this.language = open.language().sizes();
    this.config = config(open, language, parts.imageSize());
    this.instructions = config.readsInstruction() ? instructions(file, parts) : null;
  }

  /** Reads the sizes of all parts, with the installed families. */
  public static LavisBlip2 of(Blip2Parts parts) throws IOException {
    return of(parts, Families.installed());
  }

  /**
   * Reads the sizes of all parts.
   *
   * @throws CheckpointException if one is of another kind, or they are not of one model
   */
  public static LavisBlip2 of(Blip2Parts parts, Families families) throws IOException {
    Path file = LavisFile.require(parts.checkpoint());
    try (var open = PartCheckpoints.open(file, parts, families)) {
      return new LavisBlip2(file, parts, families, open);
    }
  }

  private static Blip2Config config(
      PartCheckpoints open, LanguageSizes language, @Nullable Integer imageSize)
      throws IOException {
    VisionConfig stored = open.vision().config();
    VisionConfig vision = imageSize == null ? stored : stored.withImageSize(imageSize);
    LavisSizes sizes = open.sizes();
    BertConfig qformer = sizes.secondStage(sizes.qformerHeadsBeside(open.file()), vision.dim());
    return Blip2Config.of(vision, qformer, language.config(), sizes.queries())
        .withConvention(Convention.LAVIS)
        .withOwnVisionNormEps(ModelJson.visionNormEpsBeside(open.file()));
  }

  /** The folder of the tokenizer of instructions. */
  private static Path instructions(Path file, Blip2Parts parts) throws CheckpointException {
    @Nullable Path bert = parts.bert();
    Path near = bert == null ? file.resolveSibling("") : bert;
    if (InstructionTokenizerFolder.isIn(near)) {
      return InstructionTokenizerFolder.in(near);
    }
    if (bert == null || !TokenizerFolder.isIn(bert)) {
      throw new CheckpointException(
          String.format(
                  Locale.ROOT,
                  "%s: tokenizer.json of the Q-Former's BERT expected, got none; name a folder of",
                  bert == null ? file : bert)
              + " bert-base-uncased, or of an InstructBLIP");
    }
    return bert;
  }

  /** The sizes, with LAVIS's numerics. */
  @Override
  public Blip2Config config() {
    return config;
  }

  /** Opens the checkpoints, to be copied. */
  public PartCheckpoints openParts() throws IOException {
    return PartCheckpoints.open(file, parts, families);
  }

  @Override
  public OpenWeights open() throws IOException {
    try (var opened = new OpenResources()) {
      PartCheckpoints open = openParts();
      opened.add(open);
      return opened.keep(new OpenWeights(open.weights(config), List.of(open)));
    }
  }

  @Override
  public HuggingFaceTokenizer tokenizer() throws IOException {
    return HuggingFaceTokenizer.open(parts.language());
  }

  @Override
  public @Nullable HuggingFaceTokenizer instructionTokenizer() throws IOException {
    return instructions == null
        ? null
        : InstructionTokenizerFolder.open(instructions, config.qformer());
  }

  @Override
  public ImageProcessor processor() {
    return new ImageProcessor(config.vision().processor());
  }

  @Override
  public void describe(Path folder) throws IOException {
    Blip2Config sizes =
        config.withConvention(Convention.HF).withImageTokenId(language.imageToken());
    Blip2Json.write(folder, sizes, language.json());
    copyTokenizers(folder);
  }

  @Override
  public JsonObject textConfig() {
    return language.json();
  }

  @Override
  public void copyTokenizers(Path folder) throws IOException {
    TokenizerCopy.copy(parts.language(), folder);
    LanguageConfig text = config.text();
    if (text.lavisBeginId() != text.beginId()) {
      BeginToken.replace(folder, text.beginId(), text.lavisBeginId());
    }
    if (instructions != null) {
      InstructionTokenizerFolder.copy(instructions, folder);
    }
  }
}
