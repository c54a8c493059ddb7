package io.github.blip2j.llm.llama;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.llm.LavisRules;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Params;
import java.util.Set;

/** LLaMA, of which Vicuna is a fine-tuned one, and decoders of its kind: Mistral and Qwen2. */
public final class LlamaFamily implements LanguageFamily {
  /** The family, which has no state. */
  public static final LlamaFamily LLAMA = new LlamaFamily();

  private LlamaFamily() {}

  @Override
  public String name() {
    return "llama";
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of("llama", "mistral", "qwen2");
  }

  @Override
  public LanguageConfig config(ConfigJson json) throws CheckpointException {
    return LlamaConfig.fromJson(json);
  }

  @Override
  public LanguageModel model(LanguageConfig config, Params params) {
    return new LlamaModel((LlamaConfig) config, params);
  }

  @Override
  public void addNames(KeyMap.Builder keys, LanguageConfig config, String ours, String theirs) {
    String model = theirs + "model.";
    String layer = model + "layers.*.";
    String own = ours + "layers.*.";
    keys.rename(ours + "words", model + "embed_tokens")
        .rename(ours + "norm", model + "norm")
        .rename(ours + "head", theirs + "lm_head")
        .rename(own + "attentionNorm", layer + "input_layernorm")
        .rename(own + "attention.query", layer + "self_attn.q_proj")
        .rename(own + "attention.key", layer + "self_attn.k_proj")
        .rename(own + "attention.value", layer + "self_attn.v_proj")
        .rename(own + "attention.output", layer + "self_attn.o_proj")
        .rename(own + "mlpNorm", layer + "post_attention_layernorm")
        .rename(own + "mlp.gate", layer + "mlp.gate_proj")
        .rename(own + "mlp.up", layer + "mlp.up_proj")
        .rename(own + "mlp.down", layer + "mlp.down_proj")
        // Files that hold the tied head once more hold the embeddings.
        .ignore(theirs + "lm_head.weight")
        // Older files hold the frequencies, which follow from the configuration.
        .ignore(layer + "self_attn.rotary_emb.inv_freq");
  }

  /** Those of {@code blip2_vicuna_instruct}. */
  @Override
  public LavisRules lavis() {
    return new LavisRules("llm", 30, 0, 0, false, true);
  }

  @Override
  public String landmark() {
    return "layers.0.mlp.gate_proj.weight";
  }

  @Override
  public String toString() {
    return name();
  }
}
