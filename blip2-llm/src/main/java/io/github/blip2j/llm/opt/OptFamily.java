package io.github.blip2j.llm.opt;

import com.google.gson.JsonObject;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.llm.LavisRules;
import io.github.blip2j.text.Tokenizer;
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

  @Override
  public LavisRules lavis() {
    return new LavisRules("opt", true, 0, true);
  }

  /** A line break ends a text. */
  @Override
  public void joinToImages(JsonObject text, Tokenizer tokenizer) {
    int[] lineEnd = tokenizer.encodePlain("\n");
    if (lineEnd.length == 1) {
      text.addProperty("eos_token_id", lineEnd[0]);
    }
  }

  @Override
  public String toString() {
    return name();
  }
}
