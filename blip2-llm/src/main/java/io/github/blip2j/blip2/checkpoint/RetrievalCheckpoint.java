package io.github.blip2j.blip2.checkpoint;

import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.blip2.checkpoint.files.OpenWeights;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceWeights;
import io.github.blip2j.blip2.checkpoint.hf.LanguageSizes;
import io.github.blip2j.blip2.checkpoint.hf.MergedAdapters;
import io.github.blip2j.blip2.checkpoint.hf.ModelFolder;
import io.github.blip2j.blip2.checkpoint.lavis.LavisFile;
import io.github.blip2j.blip2.checkpoint.lavis.LavisNames;
import io.github.blip2j.blip2.checkpoint.lavis.LavisSizes;
import io.github.blip2j.blip2.checkpoint.lavis.ModelJson;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.blip2.model.LibraryFormat;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.Blip2QformerConfig;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionFamilies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A stored model of BLIP-2's first stage: a file of LAVIS, a Hugging Face folder of {@code
 * Blip2ForImageTextRetrieval}, or a folder of this library. Nothing stays open between calls.
 *
 * <p>Its image side begins a second stage; for that, the folder may be of any BLIP-2.
 *
 * @param path the file or the folder
 * @param convention that of the library that wrote it
 * @param families the families of vision encoders that are known
 */
public record RetrievalCheckpoint(Path path, Convention convention, VisionFamilies families) {

  /**
   * The checkpoint that a path names: a file, or a folder with one file of LAVIS or of Hugging
   * Face.
   */
  public static RetrievalCheckpoint of(Path path, VisionFamilies families) throws IOException {
    @Nullable Path file = LavisFile.in(path);
    return file == null
        ? new RetrievalCheckpoint(path, Convention.HF, families)
        : new RetrievalCheckpoint(file, Convention.LAVIS, families);
  }

  private boolean isLavis() {
    return convention == Convention.LAVIS;
  }

  /** The sizes of the model. */
  public Blip2RetrievalConfig config() throws IOException {
    return isLavis()
        ? lavisConfig()
        : Blip2RetrievalConfig.fromJson(ModelFolder.config(path), families);
  }

  private Blip2RetrievalConfig lavisConfig() throws IOException {
    try (Checkpoint checkpoint = ModelFolder.open(path)) {
      return LavisSizes.stageOne(path, checkpoint, families);
    }
  }

  /** The names of the model's tensors. */
  KeyMap keys(VisionConfig vision) throws IOException {
    if (isLavis()) {
      return LavisNames.retrieval(vision);
    }
    return isOwn() ? KeyMap.identity() : HuggingFaceNames.retrieval(vision);
  }

  private boolean isOwn() throws IOException {
    return !isLavis() && LibraryFormat.isIn(ModelFolder.config(path));
  }

  /**
   * Opens the weights of the model.
   *
   * @param adapter folder of an adapter for a Hugging Face folder, or null for the one beside the
   *     weights, if there is any
   */
  public OpenWeights open(VisionConfig vision, @Nullable Path adapter) throws IOException {
    KeyMap keys = keys(vision);
    return isLavis()
        ? plain(ModelFolder.open(path), keys)
        : HuggingFaceWeights.of(path, withLavisOnly(), keys, adapter);
  }

  /** The tensors of a folder, and those beside them that only LAVIS uses. */
  private Checkpoint withLavisOnly() throws IOException {
    Path rest = path.resolve(RetrievalLoader.LAVIS_ONLY);
    try (var opened = new OpenResources()) {
      Checkpoint own = ModelFolder.open(path);
      opened.add(own::close);
      return opened.keep(Files.exists(rest) ? Checkpoint.open(rest).over(own) : own);
    }
  }

  /** The sizes of a BLIP-2 with this image side before a language model. */
  public Blip2Config withLanguage(LanguageSizes language) throws IOException {
    Blip2Config config = isLavis() ? lavisWith(language) : huggingFaceWith(language);
    return config.withConvention(convention).withImageTokenId(language.imageToken());
  }

  private Blip2Config lavisWith(LanguageSizes language) throws IOException {
    Blip2RetrievalConfig sizes = lavisConfig();
    Blip2QformerConfig qformer = sizes.qformer();
    return Blip2Config.of(
            sizes.vision(),
            qformer.bert().withoutTextSide(),
            language.config(),
            qformer.queryTokens())
        .withOwnVisionNormEps(ModelJson.visionNormEpsBeside(path));
  }

  private Blip2Config huggingFaceWith(LanguageSizes language) throws IOException {
    ConfigJson json = ModelFolder.configOfPart(path);
    VisionConfig vision = LibraryFormat.vision(json, families);
    ConfigJson qformer = json.childOrEmpty("qformer_config");
    Blip2Config.requireWidth(json, qformer, vision);
    BertConfig bert = BertConfig.fromJson(qformer, vision.dim());
    int queries = json.sizeAt("num_query_tokens", 32);
    return Blip2Config.of(vision, bert.withoutTextSide(), language.config(), queries)
        .withOwnVisionNormEps(Blip2Config.ownVisionNormEps(json));
  }

  /**
   * Opens the weights of the image side, under the names of a model with a language model.
   *
   * @throws io.github.blip2j.io.file.CheckpointException if an adapter lies beside them, which may
   *     change more than this side
   */
  public OpenWeights openImageSide(VisionConfig vision) throws IOException {
    LoraAdapter.requireNone(path, "first stage");
    return plain(ModelFolder.open(path), imageSideKeys(vision));
  }

  private KeyMap imageSideKeys(VisionConfig vision) throws IOException {
    if (isLavis()) {
      return LavisNames.imageSide(vision);
    }
    return isOwn()
        ? KeyMap.builder().renameToAny("queryTokens", "queries", "queryTokens").ignore("*").build()
        : HuggingFaceNames.imageSide(vision);
  }

  private OpenWeights plain(Checkpoint checkpoint, KeyMap keys) throws IOException {
    try (var opened = new OpenResources()) {
      opened.add(checkpoint::close);
      var weights = new CheckpointWeights(path.toString(), checkpoint, keys);
      return opened.keep(
          new OpenWeights(weights, List.of(checkpoint::close), MergedAdapters.in(path)));
    }
  }
}
