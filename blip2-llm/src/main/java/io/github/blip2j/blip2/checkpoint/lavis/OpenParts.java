package io.github.blip2j.blip2.checkpoint.lavis;

import com.google.gson.JsonObject;
import io.github.blip2j.blip2.checkpoint.files.InstructionTokenizerFolder;
import io.github.blip2j.blip2.checkpoint.hf.ModelFolder;
import io.github.blip2j.blip2.checkpoint.files.SplitWeights;
import io.github.blip2j.blip2.checkpoint.files.TensorCopy;
import io.github.blip2j.blip2.checkpoint.hf.Blip2Json;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.checkpoint.hf.LanguageFolder;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.TokenizerFolder;
import io.github.blip2j.vision.VisionConfig;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The files of a {@link Blip2Parts}, open, and what they make together. */
public final class OpenParts implements Closeable {
  private static final String LANGUAGE = "language";


  private final Path file;
  private final Checkpoint trained;
  private final VisionEncoderSource vision;
  private final LanguageFolder language;
  private final JsonObject textConfig;
  private final @Nullable Integer imageToken;
  private final @Nullable Path instructions;
  private final Blip2Config config;

  /** Tensors to copy, and where they are. */
  public record Copies(ConversionPlan plan, Checkpoint from) {}

  private OpenParts(
      Path file,
      Checkpoint trained,
      VisionEncoderSource vision,
      LanguageFolder language,
      Blip2Parts parts)
      throws IOException {
    this.file = file;
    this.trained = trained;
    this.vision = vision;
    this.language = language;
    try (var tokenizer = language.tokenizer()) {
      this.textConfig = language.textConfig(tokenizer);
      ConfigJson json =
          ConfigJson.parse(
              language.folder().resolve("config.json").toString(), textConfig.toString());
      LanguageConfig text = Blip2Config.language(language.kind(), json);
      this.imageToken = LanguageFolder.imageToken(tokenizer, text);
      this.config = config(text, parts.imageSize());
      this.instructions = config.readsInstruction() ? instructions(file, parts) : null;
    }
  }

  /**
   * Opens and measures all parts.
   *
   * @throws CheckpointException if one is something else, or they are not of one model
   */
  public static OpenParts open(Blip2Parts parts) throws IOException {
    Path file = file(parts.checkpoint());
    try (var opened = new OpenResources()) {
      Checkpoint trained = ModelFolder.open(file);
      opened.add(trained::close);
      LanguageFolder language = LanguageFolder.open(parts.language());
      opened.add(language::close);
      requireSecondStage(file, trained, language, parts.bert());
      VisionEncoderSource vision = vision(parts, file, trained);
      opened.add(vision::close);
      return opened.keep(new OpenParts(file, trained, vision, language, parts));
    }
  }

  private static Path file(Path checkpoint) throws IOException {
    @Nullable Path file = LavisFile.in(checkpoint);
    if (file == null) {
      throw new CheckpointException(
          checkpoint
              + ": checkpoint of LAVIS (.pth) expected, got a folder without one; a folder of"
              + " Hugging Face is loaded as it is");
    }
    return file;
  }

  private static void requireSecondStage(
      Path file, Checkpoint trained, LanguageFolder language, @Nullable Path bert)
      throws CheckpointException {
    String wanted = LavisNames.projection(language.kind().toString());
    String got = LavisNames.language(trained.tensors()).map(LavisNames::projection).orElse("none");
    if (!got.equals(wanted)) {
      String how =
          switch (got) {
            case "none" -> "a file of the first stage has no language model";
            case "llm_proj" -> "that of Vicuna, which is not supported";
            default -> "name the language model that the checkpoint was trained with";
          };
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %s expected for the language model in %s, got %s; %s",
              file,
              wanted,
              language.folder(),
              got,
              how));
    }
    boolean instructed = new LavisSizes(file.toString(), trained.tensors()).readsWords();
    if (instructed && language.kind() != LanguageFamily.T5) {
      throw new CheckpointException(
          String.format(
                  Locale.ROOT,
                  "%s: Q-Former expected to take queries only with %s, got one that takes the "
                      + "instruction",
                  file,
                  wanted)
              + " too; only InstructBLIP with T5 is supported");
    }
    if (!instructed && bert != null) {
      throw new CheckpointException(
          file
              + ": Q-Former expected to take the instruction where a BERT is named, got one that "
              + "takes queries only; leave the BERT out");
    }
  }

  /** Where the tokenizer of instructions lies. */
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

  private static VisionEncoderSource vision(Blip2Parts parts, Path file, Checkpoint trained)
      throws IOException {
    if (LavisNames.hasVision(trained.tensors())) {
      return new VisionEncoderSource(file, false, trained);
    }
    if (parts.vision() == null) {
      throw new CheckpointException(
          file
              + ": vision encoder expected, got the trained part alone; name its file, such as "
              + "eva_vit_g.pth, or a BLIP-2 that has it");
    }
    return VisionEncoderSource.open(parts.vision());
  }

  private Blip2Config config(LanguageConfig text, @Nullable Integer imageSize) throws IOException {
    VisionConfig stored = vision.config();
    VisionConfig tower = imageSize == null ? stored : stored.withImageSize(imageSize);
    var sizes = new LavisSizes(file.toString(), trained.tensors());
    BertConfig qformer = sizes.secondStage(sizes.qformerHeadsBeside(file), tower.dim());
    return new Blip2Config(
        tower,
        qformer,
        text,
        sizes.queries(),
        null,
        Convention.LAVIS,
        ModelJson.visionNormEpsBeside(file));
  }

  /** The sizes, as LAVIS computes with them. */
  public Blip2Config config() {
    return config;
  }

  /** The language model's tokenizer. */
  public HuggingFaceTokenizer tokenizer() throws IOException {
    return language.tokenizer();
  }

  /** Folder of the tokenizer that reads instructions, or null where there are none. */
  @Nullable
  public Path instructions() {
    return instructions;
  }

  /** All parameters; what lies in the trained part goes before what lies elsewhere. */
  public Weights weights() throws IOException {
    var prompter = new CheckpointWeights(file.toString(), trained, LavisNames.withoutFrozen(config.text().kind()));
    var speaking =
        new CheckpointWeights(language.folder().toString(), words(), HuggingFaceNames.blip2(config));
    return new SplitWeights(
        LANGUAGE,
        speaking,
        new SplitWeights(VisionEncoderSource.PATH, vision.weights(config.vision()), prompter));
  }

  /** The language model's tensors as Hugging Face's BLIP-2 calls them. */
  private Checkpoint words() throws IOException {
    String own = LavisNames.inLanguageModel(config.text().kind().toString());
    Checkpoint within =
        trained.renamed(
            name ->
                name.startsWith(own)
                    ? Optional.of(HuggingFaceNames.LANGUAGE + name.substring(own.length()))
                    : Optional.empty());
    return within.tensors().isEmpty() ? language.checkpoint() : within;
  }

  /**
   * What a Hugging Face folder of the whole holds, tensor by tensor.
   *
   * @throws CheckpointException if the vision encoder is not EVA's
   */
  public List<Copies> copies() throws IOException {
    ConversionPlan plan = ConversionPlan.ofLavis(file, trained.tensors());
    List<TensorCopy> prompter =
        plan.shared().stream()
            .filter(copy -> !copy.spec().name().startsWith(HuggingFaceNames.LANGUAGE))
            .toList();
    List<Copies> copies = new ArrayList<>();
    copies.add(new Copies(new ConversionPlan(prompter, List.of()), trained));
    if (!LavisNames.hasVision(trained.tensors())) {
      Checkpoint tower = vision.named();
      copies.add(
          new Copies(
              vision.folder()
                  ? whole(tower)
                  : ConversionPlan.ofLavis(vision.origin(), tower.tensors()),
              tower));
    }
    Checkpoint words = words();
    copies.add(new Copies(whole(words), words));
    return copies;
  }

  private static ConversionPlan whole(Checkpoint checkpoint) throws CheckpointException {
    List<TensorCopy> copies = new ArrayList<>();
    for (TensorEntry entry : checkpoint.tensors().values()) {
      copies.add(TensorCopy.whole(entry.name(), entry));
    }
    return new ConversionPlan(copies, List.of());
  }

  /** Writes all that a Hugging Face folder holds besides weights. */
  public void describe(Path folder) throws IOException {
    var sizes =
        new Blip2Config(
            config.vision(),
            config.qformer(),
            config.text(),
            config.queryTokens(),
            imageToken,
            Convention.HF,
            config.ownVisionNormEps());
    Blip2Json.write(folder, sizes, textConfig);
    language.copyTokenizer(folder);
    if (instructions != null) {
      InstructionTokenizerFolder.copy(instructions, folder);
    }
  }

  @Override
  public void close() throws IOException {
    OpenResources.closeAll(List.of(trained::close, language::close, vision::close));
  }
}
