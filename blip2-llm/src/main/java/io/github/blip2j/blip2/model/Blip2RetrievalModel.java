package io.github.blip2j.blip2.model;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.VisionEncoder;
import java.util.List;

/**
 * A model of BLIP-2's first stage (section 3.1): a frozen vision encoder, and the Q-Former with its
 * heads for contrast, matching and generation.
 *
 * <pre>{@code
 * B images, N image tokens, E encoder width
 * pixels [B, 3, H, W] -> encodeImage -> [B, N, E], the input of the Q-Former
 * }</pre>
 */
public final class Blip2RetrievalModel extends Module {
  private static final String VISION = "vision";

  private final Blip2RetrievalConfig config;
  private final VisionEncoder vision;
  private final Blip2Qformer qformer;
  private List<String> mergedAdapters = List.of();

  private Blip2RetrievalModel(Blip2RetrievalConfig config, boolean trains, Params params) {
    super(params);
    this.config = config;
    this.vision = VisionEncoder.of(config.vision(), params.at(VISION));
    this.qformer =
        trains
            ? Blip2Qformer.of(config.qformer(), params)
            : Blip2Qformer.forRetrieval(config.qformer(), params);
  }

  /** A model with all parts for training, from any weights. */
  public static Blip2RetrievalModel of(Blip2RetrievalConfig config, Params params) {
    return new Blip2RetrievalModel(config, true, params);
  }

  /**
   * A model for matching and retrieval: without the temperature of training and the captioning
   * head.
   */
  public static Blip2RetrievalModel forRetrieval(Blip2RetrievalConfig config, Params params) {
    return new Blip2RetrievalModel(config, false, params);
  }

  /** The configuration. */
  public Blip2RetrievalConfig config() {
    return config;
  }

  /** Identities of the adapters that its weights contain, as far as their files told them. */
  public List<String> mergedAdapters() {
    return mergedAdapters;
  }

  /** Tells the adapters that the weights contain, so that exports list them. */
  public void tellMerged(List<String> adapters) {
    mergedAdapters = List.copyOf(adapters);
  }

  /** The vision encoder. */
  public VisionEncoder vision() {
    return vision;
  }

  /** The Q-Former. */
  public Blip2Qformer qformer() {
    return qformer;
  }

  /**
   * Sets the compute precision of all linear maps, those of the vision encoder included, forward
   * and backward; see {@link Parameter#computeIn}.
   */
  public void computeIn(Precision precision) {
    parameters().values().forEach(parameter -> parameter.computeIn(precision));
  }

  /** Trains all but the vision encoder, as the paper does. */
  public void trainQformer() {
    parameters()
        .forEach(
            (name, parameter) -> {
              if (!name.startsWith(VISION + ".")) {
                parameter.train();
              }
            });
  }

  /** Trains the vision encoder too, as LAVIS does when it fine-tunes on retrieval. */
  public void trainVision() {
    parameters()
        .forEach(
            (name, parameter) -> {
              if (name.startsWith(VISION + ".")) {
                parameter.train();
              }
            });
  }

  /**
   * The vision encoder's features; the frozen encoder is in evaluation mode in training too.
   *
   * @param pixels [B, 3, H, W]
   * @return [B, N, E]
   */
  public Tensor encodeImage(Tensor pixels, ForwardPass pass) {
    boolean frozen = parameters().values().stream().noneMatch(this::isTrainedVision);
    Tensor features = vision.forward(pixels, frozen ? pass.evaluating() : pass);
    return config.vision().requireFeatures(pixels, features);
  }

  private boolean isTrainedVision(Parameter parameter) {
    return parameter.isTrained() && parameter.name().startsWith(VISION + ".");
  }
}
