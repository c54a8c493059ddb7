package io.github.blip2j.qformer.objective;

import io.github.blip2j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The losses of a batch, and what they were computed from. What belongs to a loss of weight 0 is
 * not computed, and its method throws {@link IllegalStateException}.
 *
 * @param total the weighted sum, a scalar
 * @param contrast ITC, a scalar
 * @param matching ITM, a scalar
 * @param generation ITG, a scalar
 * @param features of ITC, and of ITM, which draws negatives by them
 * @param similarities of ITC and ITM
 * @param negatives of ITM
 * @param matchLogits of ITM, [3B, 2]: matched pairs, texts with negative images, images with
 *     negative texts
 * @param states what the losses were computed from, for further objectives
 */
public record StageOneOutput(
    Tensor total,
    @Nullable Tensor contrast,
    @Nullable Tensor matching,
    @Nullable Tensor generation,
    @Nullable Features features,
    @Nullable Similarities similarities,
    @Nullable Negatives negatives,
    @Nullable Tensor matchLogits,
    StageOneStates states) {

  @Override
  public Tensor contrast() {
    return computed("itc", contrast);
  }

  @Override
  public Tensor matching() {
    return computed("itm", matching);
  }

  @Override
  public Tensor generation() {
    return computed("itg", generation);
  }

  @Override
  public Features features() {
    return computed("features for itc or itm", features);
  }

  @Override
  public Similarities similarities() {
    return computed("similarities for itc or itm", similarities);
  }

  @Override
  public Negatives negatives() {
    return computed("negatives for itm", negatives);
  }

  @Override
  public Tensor matchLogits() {
    return computed("logits for itm", matchLogits);
  }

  /**
   * The losses that were computed, without their weights: {@code itc}, {@code itm} and {@code itg}.
   */
  public Map<String, Tensor> parts() {
    Map<String, Tensor> parts = new LinkedHashMap<>();
    if (contrast != null) {
      parts.put("itc", contrast);
    }
    if (matching != null) {
      parts.put("itm", matching);
    }
    if (generation != null) {
      parts.put("itg", generation);
    }
    return parts;
  }

  static <T> T computed(String what, @Nullable T value) {
    if (value == null) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "stage1: %s expected to be computed, got a weight of 0; give the loss a weight",
              what));
    }
    return value;
  }
}
