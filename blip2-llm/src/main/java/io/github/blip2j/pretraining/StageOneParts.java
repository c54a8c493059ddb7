package io.github.blip2j.pretraining;

import io.github.blip2j.blip2.checkpoint.files.SplitWeights;
import io.github.blip2j.blip2.checkpoint.lavis.VisionEncoderSource;
import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.WrapperNames;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.Params;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.Blip2QformerConfig;
import io.github.blip2j.qformer.PlainBertWeights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.VisionConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/**
 * What the first stage starts from before there is any (section 3.1): a vision encoder, and a plain
 * BERT that becomes the Q-Former. Queries, the attention to the image and the heads are drawn.
 */
public final class StageOneParts {
  private static final int CROSS_ATTENTION_EVERY = 2;

  private StageOneParts() {}

  /**
   * Builds a model to be trained, in float32.
   *
   * <p>The vision encoder may be a BLIP-2 folder of Hugging Face, a BLIP-2 checkpoint of LAVIS, or
   * a vision encoder's own file as LAVIS downloads it ({@code eva_vit_g.pth}, {@code
   * clip_vit_L.pth}); of the latter the last block is dropped, as BLIP-2 does. Heads of a file are
   * those that a {@code model.json} beside it tells, or else those of the released vision encoders.
   *
   * @param bert a {@code bert-base-uncased} style folder; its vocabulary grows by {@code [DEC]}
   * @param home where parameters live
   * @param change of the sizes, such as pictures of another size
   * @param random where the rest is drawn from
   * @throws io.github.blip2j.io.file.CheckpointException if either is something else
   */
  public static Blip2RetrievalModel load(
      Path tower,
      Path bert,
      Scope home,
      UnaryOperator<Blip2RetrievalConfig> change,
      RandomGenerator random)
      throws IOException {
    try (VisionEncoderSource seeing = VisionEncoderSource.open(tower);
        Checkpoint reading = WrapperNames.open(bert)) {
      VisionConfig vision = seeing.config();
      BertConfig plain = BertConfig.fromPlainJson(ConfigJson.read(bert.resolve("config.json")));
      Blip2RetrievalConfig config =
          change.apply(new Blip2RetrievalConfig(vision, qformer(plain, vision)));
      var rest = PlainBertWeights.ofStageOne(bert.toString(), reading, random);
      var weights =
          new SplitWeights(VisionEncoderSource.PATH, seeing.weights(config.vision()), rest);
      Params params = Params.root(weights, home);
      Blip2RetrievalModel model = Blip2RetrievalModel.of(config, params);
      params.finish();
      return model;
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
