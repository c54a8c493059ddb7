package io.github.blip2j.llm.t5;

import com.google.gson.JsonObject;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.llm.LavisRules;
import io.github.blip2j.text.Tokenizer;
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
    return new LavisRules("t5", false, -1, false);
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
