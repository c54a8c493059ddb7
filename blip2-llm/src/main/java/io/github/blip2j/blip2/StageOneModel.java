package io.github.blip2j.blip2;

import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.tensor.Precision;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.VisionTransformer;
import java.util.NavigableMap;

/**
 * A model of BLIP-2's first stage (section 3.1): a frozen tower that sees, and the Q-Former that
 * compares, matches and writes.
 */
public final class StageOneModel extends Module {
  private static final String VISION = "vision";

  private final StageOneConfig config;
  private final VisionTransformer vision;
  private final Blip2Qformer qformer;


  private StageOneModel(StageOneConfig config, boolean trains, Params params) {
    super(params);
    this.config = config;
    this.vision = new VisionTransformer(config.vision(), params.at(VISION));
    this.qformer =
        trains
            ? Blip2Qformer.of(config.qformer(), params)
            : Blip2Qformer.forRetrieval(config.qformer(), params);

  }

  /** A model with all that training needs, from any weights. */
  public static StageOneModel of(StageOneConfig config, Params params) {
    return new StageOneModel(config, true, params);
  }

  /**
   * A model for matching and retrieval: without the temperature of training and the head that
   * generates.
   */
  public static StageOneModel forRetrieval(StageOneConfig config, Params params) {
    return new StageOneModel(config, false, params);
  }

  /** The sizes. */
  public StageOneConfig config() {
    return config;
  }

  /** The tower. */
  public VisionTransformer vision() {
    return vision;
  }

  /** What reads the tower. */
  public Blip2Qformer qformer() {
    return qformer;
  }


  /**
   * Lets all linear maps, the tower's too, round what they multiply to {@code precision}, forward
   * and backward; see {@link Parameter#multiplyIn}.
   */
  public void multiplyIn(Precision precision) {
    parameters().values().forEach(parameter -> parameter.multiplyIn(precision));
  }

  /** Trains all but the tower, as the paper does. */
  public void trainQformer() {
    parameters().forEach(
        (name, parameter) -> {
          if (!name.startsWith(VISION + ".")) {
            parameter.train();
          }
        });
  }

  /**
   * What the tower sees; the frozen tower evaluates in training too.
   *
   * @param pixels [B, 3, H, W]
   * @return [B, N, E]
   */
  public Tensor see(Tensor pixels, Pass pass) {
    boolean frozen = parameters().values().stream().noneMatch(this::isTrainedTower);
    return vision.forward(pixels, frozen ? pass.evaluating() : pass);
  }

  private boolean isTrainedTower(Parameter parameter) {
    return parameter.isTrained() && parameter.name().startsWith(VISION + ".");
  }
}
