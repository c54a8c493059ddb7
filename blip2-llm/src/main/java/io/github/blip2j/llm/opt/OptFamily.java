package io.github.blip2j.llm.opt;

import com.google.gson.JsonObject;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.llm.LavisRules;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Params;
import io.github.blip2j.text.Tokenizer;
import java.util.Locale;
import java.util.Set;

/** OPT (Zhang et al. 2022), a decoder. */
public final class OptFamily implements LanguageFamily {
  /** The family, which has no state. */
  public static final OptFamily OPT = new OptFamily();

  private OptFamily() {}

  @Override
  public String name() {
    return "opt";
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of("opt");
  }

  @Override
  public LanguageConfig config(ConfigJson json) throws CheckpointException {
    return OptConfig.fromJson(json);
  }

  @Override
  public LanguageModel model(LanguageConfig config, Params params) {
    return new OptModel((OptConfig) config, params);
  }

  @Override
  public void addNames(KeyMap.Builder keys, LanguageConfig config, String ours, String theirs) {
    String decoder = theirs + "model.decoder.";
    String own = ours + "layers.*.";
    String layer = decoder + "layers.*.";
    keys.rename(ours + "words", decoder + "embed_tokens")
        .rename(ours + "positions", decoder + "embed_positions")
        .rename(ours + "projectIn", decoder + "project_in")
        .rename(ours + "projectOut", decoder + "project_out")
        .rename(ours + "norm", decoder + "final_layer_norm")
        .rename(ours + "head", theirs + "lm_head")
        .rename(own + "attention.query", layer + "self_attn.q_proj")
        .rename(own + "attention.key", layer + "self_attn.k_proj")
        .rename(own + "attention.value", layer + "self_attn.v_proj")
        .rename(own + "attention.output", layer + "self_attn.out_proj")
        .rename(own + "attentionNorm", layer + "self_attn_layer_norm")
        .rename(own + "mlp.up", layer + "fc1")
        .rename(own + "mlp.down", layer + "fc2")
        .rename(own + "mlpNorm", layer + "final_layer_norm")
        // Files that hold the tied head once more hold the embeddings.
        .ignore(theirs + "lm_head.weight");
  }

  @Override
  public String landmark() {
    return "decoder.layers.0.self_attn.q_proj.weight";
  }

  @Override
  public String questionPrompt() {
    return "Question: {} Answer:";
  }

  @Override
  public TrainingText trainingText() {
    return TrainingText.LINE;
  }

  /** The one id for image and prompt that {@code max_length} counts too is subtracted. */
  @Override
  public LavisRules lavis() {
    return new LavisRules("opt", 29, 0, 0, true, false);
  }

  /** A line break ends a text. */
  @Override
  public void joinToImages(JsonObject text, Tokenizer tokenizer) {
    int[] lineEnd = tokenizer.encodePlain("\n");
    if (lineEnd.length == 1) {
      text.addProperty("eos_token_id", lineEnd[0]);
    }
  }

  /**
   * Hugging Face builds an OPT whose embeddings are narrower than its layers and spreads rows of
   * one width over places of another, so that a batch gives other texts than its images one by one;
   * LAVIS cannot build it.
   */
  @Override
  public void requireJoinable(LanguageConfig config) {
    OptConfig opt = (OptConfig) config;
    if (opt.embeddingDim() != opt.dim()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "Blip2Config: text_config.word_embed_proj_dim expected hidden_size=%d, got %d; an OPT"
                  + " with narrower embeddings, such as opt-350m, cannot be joined to images",
              opt.dim(),
              opt.embeddingDim()));
    }
  }

  @Override
  public String toString() {
    return name();
  }
}
