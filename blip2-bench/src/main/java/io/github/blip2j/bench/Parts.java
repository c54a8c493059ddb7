package io.github.blip2j.bench;

import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.llm.DecoderModel;
import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Linear;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.BertModel;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.vision.VisionEncoder;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a BLIP-2 with random weights, composed as {@link
 * io.github.blip2j.blip2.model.Blip2Model} composes them. Each is made when it is first needed, so
 * the vision side can be timed on machines that cannot hold the language model.
 *
 * <pre>{@code
 * B batch, N image tokens, Q queries, E encoder width, C Q-Former width, L language width
 * }</pre>
 */
final class Parts {
  private final Blip2Config sizes;
  private final Precision precision;
  private final Part<VisionEncoder> vision;
  private final Part<LayerNorm> visionNorm;
  private final Part<Parameter> queryTokens;
  private final Part<BertModel> qformer;
  private final Part<Linear> projection;
  private final Part<LanguageModel> language;
  private final Part<TrainingStep> training;
  private final Part<StageOneStep> stageOne;
  private long loadNanos;

  /** A part that is made on first use. */
  private final class Part<T> {
    private final Supplier<T> builder;
    private @Nullable T built;

    Part(Supplier<T> builder) {
      this.builder = builder;
    }

    T get() {
      T part = built;
      if (part == null) {
        long start = System.nanoTime();
        part = builder.get();
        built = part;
        loadNanos += System.nanoTime() - start;
      }
      return part;
    }
  }

  /**
   * Parts that live in {@code memory}.
   *
   * @param precision how matrices are stored; the Q-Former's are at least bfloat16, as in a loaded
   *     model
   */
  Parts(Preset preset, Precision precision, Scope memory) {
    this.sizes = preset.sizes();
    this.precision = precision;
    Params params = Params.root(TiledWeights.of(0), memory).packed(precision);
    int E = sizes.vision().dim();
    int C = sizes.qformer().dim();
    int L = sizes.text().embeddingDim();
    this.vision = new Part<>(() -> sizes.vision().build(params.at("vision")));
    this.visionNorm =
        new Part<>(() -> new LayerNorm(E, sizes.vision().normEps(), params.at("visionNorm")));
    this.queryTokens =
        new Part<>(
            () -> params.get("queryTokens", Shape.of(1, sizes.queryTokens(), C), Init.normal()));
    this.qformer =
        new Part<>(
            () -> new BertModel(sizes.qformer(), params.at("qformer").atLeast(Precision.BFLOAT16)));
    this.projection =
        new Part<>(() -> new Linear(C, L, params.at("projection").atLeast(Precision.BFLOAT16)));
    this.language = new Part<>(() -> language(params.at("language")));
    // Trained parts are stored in float32; int8 is for frozen ones.
    Precision factors = precision == Precision.BFLOAT16 ? precision : Precision.FLOAT32;
    this.training =
        new Part<>(
            () -> TrainingStep.of(BertConfig.bertBase(), TiledWeights.of(1), factors, memory));
    this.stageOne = new Part<>(() -> StageOneStep.of(TiledWeights.of(1), factors, memory));
  }

  Blip2Config sizes() {
    return sizes;
  }

  /** The stored precision of matrices. */
  Precision precision() {
    return precision;
  }

  private LanguageModel language(Params params) {
    return sizes.text().build(params);
  }

  /** Milliseconds spent on making parts so far. */
  double loadMs() {
    return loadNanos / (double) TimeUnit.MILLISECONDS.toNanos(1);
  }

  /** Normed patch features: pixels [B, 3, H, W] to [B, N, E]. */
  Tensor encodeImage(Tensor pixels) {
    return visionNorm.get().forward(vision.get().forward(pixels, ForwardPass.evaluation()));
  }

  /** The Q-Former's output for one image: [1, N, E] to [1, Q, C]. */
  Tensor encodeQueries(Tensor image) {
    return qformer.get().encodeQueries(queryTokens.get().value(), image, ForwardPass.evaluation());
  }

  /** Pixels [1, 3, H, W] to the soft prompt [1, Q, L]. */
  Tensor imagePrompt(Tensor pixels) {
    Tensor image = Scope.run(() -> encodeImage(pixels)); // [1, N, E]
    Tensor queries = Scope.run(() -> encodeQueries(image)); // [1, Q, C]
    return projection.get().forward(queries);
  }

  LanguageModel language() {
    return language.get();
  }

  /** The language model as a decoder, which every preset with a prefill figure has. */
  DecoderModel decoder() {
    return (DecoderModel) language.get();
  }

  TrainingStep training() {
    return training.get();
  }

  StageOneStep stageOne() {
    return stageOne.get();
  }
}
