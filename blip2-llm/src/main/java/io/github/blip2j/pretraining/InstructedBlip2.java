package io.github.blip2j.pretraining;

import com.google.gson.JsonObject;
import io.github.blip2j.blip2.checkpoint.RetrievalCheckpoint;
import io.github.blip2j.blip2.checkpoint.files.Blip2Source;
import io.github.blip2j.blip2.checkpoint.files.InstructionTokenizerFolder;
import io.github.blip2j.blip2.checkpoint.files.OpenWeights;
import io.github.blip2j.blip2.checkpoint.hf.Blip2Json;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A BLIP-2 whose Q-Former gets the text side of a first stage, so that it reads questions too (Li
 * et al. 2023, section 4.3), wired as InstructBLIP: token embeddings, positions and the
 * feed-forwards of text are the first stage's, everything else is the BLIP-2's.
 */
final class InstructedBlip2 implements Blip2Source {
  private final Blip2Source base;
  private final RetrievalCheckpoint stageOne;
  private final Blip2Config config;

  private InstructedBlip2(Blip2Source base, RetrievalCheckpoint stageOne, Blip2Config config) {
    this.base = base;
    this.stageOne = stageOne;
    this.config = config;
  }

  /**
   * Joins the two.
   *
   * @throws CheckpointException if the BLIP-2 reads text already, the first stage has no text side,
   *     or their Q-Formers differ
   */
  static InstructedBlip2 of(Blip2Source base, RetrievalCheckpoint stageOne) throws IOException {
    Blip2Config config = base.config();
    if (config.readsInstruction()) {
      throw new CheckpointException(
          stageOne.path()
              + ": text side expected for a Q-Former without one, got an InstructBLIP's; leave it"
              + " out (--qformer-text)");
    }
    BertConfig text = stageOne.config().qformer().bert();
    BertConfig joined = config.qformer().withTextSide().withVocabSize(text.vocabSize());
    boolean alike =
        text.dim() == joined.dim()
            && text.layers() == joined.layers()
            && text.mlpDim() == joined.mlpDim()
            && text.maxPositions() == joined.maxPositions();
    if (!alike) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: text side expected of a Q-Former of %d layers, width %d and %d positions, got %d,"
                  + " %d and %d; take the first stage that the model began with",
              stageOne.path(),
              joined.layers(),
              joined.dim(),
              joined.maxPositions(),
              text.layers(),
              text.dim(),
              text.maxPositions()));
    }
    return new InstructedBlip2(base, stageOne, config.withQformer(joined));
  }

  @Override
  public Blip2Config config() {
    return config;
  }

  @Override
  public OpenWeights open() throws IOException {
    try (var opened = new OpenResources()) {
      OpenWeights rest = base.open();
      opened.add(rest);
      OpenWeights text = stageOne.open(stageOne.config().vision(), null);
      opened.add(text);
      var joined = new TextSideWeights(text.weights(), rest.weights());
      List<String> merged = new ArrayList<>(rest.mergedAdapters());
      merged.addAll(text.mergedAdapters());
      return opened.keep(new OpenWeights(joined, List.of(rest, text), merged));
    }
  }

  @Override
  public HuggingFaceTokenizer tokenizer() throws IOException {
    return base.tokenizer();
  }

  @Override
  public HuggingFaceTokenizer instructionTokenizer() throws IOException {
    return InstructionTokenizerFolder.open(tokenizerFolder(), config.qformer());
  }

  private Path tokenizerFolder() {
    Path path = stageOne.path();
    return Files.isDirectory(path) ? path : path.resolveSibling("");
  }

  @Override
  public ImageProcessor processor() throws IOException {
    return base.processor();
  }

  @Override
  public JsonObject textConfig() throws IOException {
    return base.textConfig();
  }

  @Override
  public void copyTokenizers(Path folder) throws IOException {
    base.copyTokenizers(folder);
    InstructionTokenizerFolder.copy(tokenizerFolder(), folder);
  }

  @Override
  public void describe(Path folder) throws IOException {
    Blip2Json.write(folder, config, textConfig());
    copyTokenizers(folder);
  }
}
