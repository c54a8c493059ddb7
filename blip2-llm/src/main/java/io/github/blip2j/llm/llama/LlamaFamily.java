package io.github.blip2j.llm.llama;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.llm.LavisRules;
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

  /**
   * Those of {@code blip2_vicuna_instruct}. LAVIS has Vicuna alone; Mistral and Qwen2 are stored
   * and asked alike.
   */
  @Override
  public LavisRules lavis() {
    return new LavisRules("llm", true, 0, false);
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
