package io.github.blip2j.llm.t5;

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
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * T5 (Raffel et al. 2020), an encoder with a decoder, and mT5, with a tokenizer of many languages.
 */
public final class T5Family implements LanguageFamily {
  /** The family, which has no state. */
  public static final T5Family T5 = new T5Family();

  private T5Family() {}

  @Override
  public String name() {
    return "t5";
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of("t5", "mt5");
  }

  @Override
  public LanguageConfig config(ConfigJson json) throws CheckpointException {
    return T5Config.fromJson(json);
  }

  @Override
  public LanguageModel model(LanguageConfig config, Params params) {
    return new T5Model((T5Config) config, params);
  }

  @Override
  public void addNames(KeyMap.Builder keys, LanguageConfig config, String ours, String theirs) {
    T5Config text = (T5Config) config;
    // transformers ties these tables, and safetensors keeps any one of them. Tables that differ are
    // not tied. The encoder's own table is not used, because prompts are embedded before it.
    List<String> words =
        new ArrayList<>(
            List.of(
                theirs + "shared",
                theirs + "encoder.embed_tokens",
                theirs + "decoder.embed_tokens"));
    if (text.tiedHead()) {
      words.add(theirs + "lm_head");
    }
    keys.renameToAny(ours + "words", words.toArray(String[]::new))
        .rename(ours + "decoder.words", theirs + "decoder.embed_tokens")
        .rename(ours + "head", theirs + "lm_head")
        .ignore(theirs + "encoder.embed_tokens.weight")
        // The first files of T5 have a bias that is not used.
        .ignore("*.EncDecAttention.relative_attention_bias.weight");
    addStack(keys, text, ours + "encoder.", theirs + "encoder.", false);
    addStack(keys, text, ours + "decoder.", theirs + "decoder.", true);
  }

  private static void addStack(
      KeyMap.Builder keys, T5Config text, String ours, String theirs, boolean decodes) {
    String block = theirs + "block.*.layer.";
    keys.rename(ours + "norm", theirs + "final_layer_norm");
    keys.rename(
        ours + "positions", theirs + "block.0.layer.0.SelfAttention.relative_attention_bias");
    addAttention(keys, ours + "layers.*.attention.", block + "0.", "SelfAttention.");
    if (decodes) {
      addAttention(keys, ours + "layers.*.contextAttention.", block + "1.", "EncDecAttention.");
    }
    addMlp(keys, ours + "layers.*.mlp.", block + (decodes ? "2." : "1."), text.gated());
  }

  private static void addAttention(
      KeyMap.Builder keys, String ours, String sublayer, String attention) {
    keys.rename(ours + "norm", sublayer + "layer_norm")
        .rename(ours + "query", sublayer + attention + "q")
        .rename(ours + "key", sublayer + attention + "k")
        .rename(ours + "value", sublayer + attention + "v")
        .rename(ours + "output", sublayer + attention + "o");
  }

  private static void addMlp(KeyMap.Builder keys, String ours, String sublayer, boolean gated) {
    String theirs = sublayer + "DenseReluDense.";
    keys.rename(ours + "norm", sublayer + "layer_norm")
        .rename(ours + "gate", theirs + "wi_0")
        .rename(ours + "up", theirs + (gated ? "wi_1" : "wi"))
        .rename(ours + "down", theirs + "wo");
  }

  @Override
  public String landmark() {
    return "encoder.block.0.layer.0.SelfAttention.q.weight";
  }

  @Override
  public String body() {
    return "";
  }

  @Override
  public boolean encodes() {
    return true;
  }

  @Override
  public LavisRules lavis() {
    return new LavisRules("t5", 30, -1, -1, false, false);
  }

  /** The activation is the exact GELU. */
  @Override
  public void joinToImages(JsonObject text, Tokenizer tokenizer) {
    text.addProperty("dense_act_fn", "gelu");
  }

  @Override
  public String toString() {
    return name();
  }
}
