package io.github.blip2j.pretraining;

import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.blip2.checkpoint.files.SplitWeights;
import io.github.blip2j.blip2.checkpoint.hf.MergedAdapters;
import io.github.blip2j.blip2.checkpoint.lavis.VisionEncoderSource;
import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.blip2.text.Arguments;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.WrapperNames;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.Blip2QformerConfig;
import io.github.blip2j.qformer.PlainBertWeights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionFamilies;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The parts from which the first stage begins (section 3.1): a vision encoder, and a plain BERT
 * that becomes the Q-Former. Queries, cross-attention and heads are drawn.
 *
 * @param vision the folder of a vision encoder of any family or of a model with one, such as a
 *     SigLIP or a BLIP-2; a BLIP-2 checkpoint of LAVIS; or a vision encoder's own file as LAVIS
 *     downloads it ({@code eva_vit_g.pth}, {@code clip_vit_L.pth}), of which the last block is left
 *     out as in BLIP-2. A {@code model.json} beside a file gives its attention heads; without one
 *     they are those of the released encoders
 * @param bert a {@code bert-base-uncased} style folder; its vocabulary grows by {@code [DEC]}
 * @param sizes a change of the sizes
 * @param families the families of vision encoders that are known
 * @param fromScratch whether the Q-Former is drawn too, and only the sizes and the tokenizer of the
 *     BERT are used; then {@code sizes} may change its layers
 */
public record StageOneParts(
    Path vision,
    Path bert,
    UnaryOperator<Blip2RetrievalConfig> sizes,
    VisionFamilies families,
    boolean fromScratch) {
  private static final int CROSS_ATTENTION_EVERY = 2;

  /** Checks that nothing is null. */
  public StageOneParts {
    Arguments.required("parts", "vision", vision);
    Arguments.required("parts", "bert", bert);
    Arguments.required("parts", "sizes", sizes);
    Arguments.required("parts", "families", families);
  }

  /** Parts with their own sizes. */
  public static StageOneParts of(Path vision, Path bert) {
    return new StageOneParts(
        vision, bert, UnaryOperator.identity(), VisionFamilies.installed(), false);
  }

  /** With a change of the sizes, such as another image size. */
  public StageOneParts withSizes(UnaryOperator<Blip2RetrievalConfig> change) {
    return new StageOneParts(vision, bert, change, families, fromScratch);
  }

  /** With these families of vision encoders instead of the installed ones. */
  public StageOneParts withVisionFamilies(VisionFamilies newFamilies) {
    return new StageOneParts(vision, bert, sizes, newFamilies, fromScratch);
  }

  /** With a Q-Former that is drawn, for which the BERT's folder needs no weights. */
  public StageOneParts withQformerFromScratch() {
    return new StageOneParts(vision, bert, sizes, families, true);
  }

  /**
   * The image processor that the vision encoder's folder describes, or else that of its family.
   *
   * @param config of the model, whose image size is used
   */
  public ImageProcessor processor(Blip2RetrievalConfig config) throws IOException {
    try (VisionEncoderSource encoder = VisionEncoderSource.open(vision, families)) {
      return encoder.processor(config.vision());
    }
  }

  /**
   * Builds a model to be trained, in float32.
   *
   * @param home the scope of the parameters
   * @param random the source of the parameters that are drawn
   * @throws io.github.blip2j.io.file.CheckpointException if a part is of another kind
   */
  public Blip2RetrievalModel load(Scope home, RandomGenerator random) throws IOException {
    return open(
        random,
        (config, weights) -> {
          Params params = Params.root(weights, home);
          Blip2RetrievalModel model = Blip2RetrievalModel.of(config, params);
          model.tellMerged(MergedAdapters.in(vision));
          params.finish();
          return model;
        });
  }

  /** Builds something from weights that are open meanwhile. */
  @FunctionalInterface
  interface Building<T> {
    T build(Blip2RetrievalConfig config, Weights weights) throws IOException;
  }

  /**
   * Opens the parts for a model.
   *
   * @param random the source of the parameters that are drawn
   */
  <T> T open(RandomGenerator random, Building<T> building) throws IOException {
    LoraAdapter.requireNone(bert, "BERT");
    try (VisionEncoderSource encoder = VisionEncoderSource.open(vision, families);
        @Nullable Checkpoint text = fromScratch ? null : WrapperNames.open(bert)) {
      VisionConfig stored = encoder.config();
      Path textFile = bert.resolve("config.json");
      ConfigJson textJson = ConfigJson.read(textFile).named(textFile.toString());
      BertConfig plain = BertConfig.fromPlainJson(textJson);
      double deviation = InitializerRange.of(textJson);
      Blip2RetrievalConfig config =
          sizes.apply(new Blip2RetrievalConfig(stored, qformer(plain, stored)));
      Weights rest =
          text == null
              ? Weights.random(random, deviation)
              : PlainBertWeights.ofStageOne(bert.toString(), text, random, deviation);
      var weights =
          new SplitWeights(VisionEncoderSource.PATH, encoder.weights(config.vision()), rest);
      return building.build(config, weights);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static Blip2QformerConfig qformer(BertConfig plain, VisionConfig vision) {
    Blip2QformerConfig released = Blip2QformerConfig.blip2();
    return released.withBert(
        plain.asQFormer(vision.dim(), CROSS_ATTENTION_EVERY).withVocabSize(plain.vocabSize() + 1));
  }
}
