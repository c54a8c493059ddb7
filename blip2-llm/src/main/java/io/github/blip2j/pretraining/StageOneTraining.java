package io.github.blip2j.pretraining;

import io.github.blip2j.adapter.LoraLayers;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.CrossAttentionKeyValues;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.qformer.objective.Pairs;
import io.github.blip2j.qformer.objective.StageOneObjective;
import io.github.blip2j.qformer.objective.StageOneOutput;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Side;
import io.github.blip2j.text.Tokenizer;
import io.github.blip2j.training.Losses;
import io.github.blip2j.training.Objective;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The training objective of BLIP-2's first stage (Li et al. 2023, section 3.1): the sum of the
 * contrastive ({@code itc}), matching ({@code itm}) and generation ({@code itg}) losses of images
 * and captions.
 *
 * <p>Captions longer than the model's {@code maxTextTokens} lose their end. They are padded to the
 * longest of the batch. LAVIS pads to {@code maxTextTokens}, with the same result.
 */
public final class StageOneTraining implements Objective<CaptionBatch> {
  private final Blip2RetrievalModel model;
  private final @Nullable LoraLayers lora;
  private final Tokenizer tokenizer;
  private final StageOneObjective objective;
  private final int padId;

  private StageOneTraining(
      Blip2RetrievalModel model,
      @Nullable LoraLayers lora,
      Tokenizer tokenizer,
      StageOneObjective objective,
      int padId) {
    this.model = model;
    this.lora = lora;
    this.tokenizer = tokenizer;
    this.objective = objective;
    this.padId = padId;
  }

  /**
   * The objective with LAVIS's settings.
   *
   * @throws IllegalArgumentException if the tokenizer has no token for padding
   * @throws IllegalStateException if the model was loaded without temperature or captioning head
   */
  public static StageOneTraining of(Blip2RetrievalModel model, Tokenizer tokenizer) {
    return of(model, null, tokenizer);
  }

  /** The same for a model that may have a LoRA. */
  public static StageOneTraining of(StageOneModel model, Tokenizer tokenizer) {
    return of(model.retrieval(), model.lora(), tokenizer);
  }

  private static StageOneTraining of(
      Blip2RetrievalModel model, @Nullable LoraLayers lora, Tokenizer tokenizer) {
    model.qformer().captionHead();
    model.qformer().temperature();
    int padId =
        tokenizer
            .padId()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "stage1: tokenizer expected with a pad token, got none"));
    var objective = StageOneObjective.lavis(model.qformer());
    return new StageOneTraining(model, lora, tokenizer, objective, padId);
  }

  /**
   * With other weights of the three losses. A loss of weight 0 is neither computed nor logged.
   *
   * @throws IllegalArgumentException if a weight is negative or not finite, or all are 0
   */
  public StageOneTraining withWeights(double itc, double itm, double itg) {
    return with(objective.with(new StageOneObjective.Weights(itc, itm, itg)));
  }

  /** With other weights of the losses, or another choice of negatives. */
  public StageOneTraining with(StageOneObjective newObjective) {
    return new StageOneTraining(model, lora, tokenizer, newObjective, padId);
  }

  @Override
  public Map<String, String> constants() {
    return lora == null ? Map.of() : lora.settings().constants();
  }

  @Override
  public Map<String, String> settings() {
    var weights = objective.weights();
    Map<String, String> settings = new TreeMap<>();
    settings.put("itc_weight", Double.toString(weights.contrast()));
    settings.put("itm_weight", Double.toString(weights.matching()));
    settings.put("itg_weight", Double.toString(weights.generation()));
    if (lora != null) {
      settings.put("lora_dropout", Double.toString(lora.settings().dropout()));
    }
    return settings;
  }

  @Override
  public Losses losses(CaptionBatch batch, ForwardPass pass) {
    return forward(batch, pass).losses();
  }

  /**
   * The losses of a batch with everything that was computed for them, so that an objective on top
   * computes nothing twice.
   */
  public StageOnePass forward(CaptionBatch batch, ForwardPass pass) {
    if (lora != null) {
      lora.dropout().begin(pass, batch.captions().size());
    }
    Tensor image = // [B, N, E]
        batch.isEncoded() ? batch.pixels() : model.encodeImage(batch.pixels(), pass);
    TextBatch texts = texts(batch.captions(), pass.ranks());
    Pairs pairs = pairs(batch, pass.ranks());
    RandomGenerator random = ObjectiveRandom.of(pass);
    StageOneOutput output = objective(pairs).forward(image, texts, pairs, pass, random);
    return new StageOnePass(batch, texts, padId, pairs, image, random, output);
  }

  /** The objective, for which a LoRA drops in other ranks' images what they drop themselves. */
  private StageOneObjective objective(Pairs pairs) {
    @Nullable LoraLayers layers = lora;
    if (layers == null || !layers.dropout().isActive()) {
      return objective;
    }
    return objective.with(
        (images, places) -> {
          List<CrossAttentionKeyValues> all = new ArrayList<>();
          for (int i = 0; i < places.length; i++) {
            Tensor image = images.narrow(0, i, 1);
            all.add(
                layers
                    .dropout()
                    .at(places[i], pairs.all(), () -> model.qformer().imageKeyValues(image)));
          }
          return CrossAttentionKeyValues.concat(all);
        });
  }

  /** The token ids of captions. */
  public TextBatch texts(List<String> captions) {
    return texts(captions, Ranks.ALONE);
  }

  /** The token ids of captions, padded to the longest of all ranks. */
  private TextBatch texts(List<String> captions, Ranks ranks) {
    int longest = model.config().qformer().maxTextTokens();
    List<int[]> ids =
        captions.stream()
            .map(text -> tokenizer.encodeTruncated(text, longest, Side.RIGHT))
            .toList();
    int length = ids.stream().mapToInt(text -> text.length).max().orElse(0);
    return TextBatch.of(ids, padId, ranks.largest(length));
  }

  private static Pairs pairs(CaptionBatch batch, Ranks ranks) {
    int own = batch.captions().size();
    int first = ranks.rank() * own;
    return batch.imageIds().isEmpty()
        ? Pairs.among(own, first, ranks.size() * own)
        : Pairs.among(own, first, ranks.gather(batch.imageIds()));
  }
}
