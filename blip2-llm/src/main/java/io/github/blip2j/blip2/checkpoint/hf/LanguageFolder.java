package io.github.blip2j.blip2.checkpoint.hf;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.blip2.checkpoint.files.Quantization;
import io.github.blip2j.blip2.checkpoint.files.TokenizerCopy;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.WrapperNames;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The folder of a plain language model, such as {@code facebook/opt-2.7b} or {@code
 * google/flan-t5-xl}, read as the part of a BLIP-2 that it becomes: its tensors are called {@code
 * language_model.*}, as Hugging Face's BLIP-2 calls them.
 */
public final class LanguageFolder implements AutoCloseable {
  private final Path folder;
  private final LanguageFamily kind;
  private final Checkpoint checkpoint;

  private LanguageFolder(Path folder, LanguageFamily kind, Checkpoint checkpoint) {
    this.folder = folder;
    this.kind = kind;
    this.checkpoint = checkpoint;
  }

  /**
   * Opens a folder with {@code config.json} and weights, of safetensors or of PyTorch, in shards or
   * whole.
   *
   * @throws CheckpointException if it is none of an OPT or a T5
   */
  public static LanguageFolder open(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: language model expected a folder, got %s",
              folder,
              Files.exists(folder) ? "a file" : "nothing"));
    }
    ConfigJson config = ModelFolder.config(folder);
    LoraAdapter.requireNone(folder, "language model");
    String told = config.stringAt("model_type", "nothing");
    LanguageFamily kind =
        LanguageFamily.require(config + ": model_type of a plain language model", told);
    Checkpoint own = Checkpoint.open(folder);
    try (var opened = new OpenResources()) {
      opened.add(own::close);
      Quantization.requireNone(folder, own);
      Checkpoint bare = WrapperNames.removed(own);
      String before = WrapperNames.before(bare.tensors().navigableKeySet(), landmark(kind));
      return opened.keep(
          new LanguageFolder(folder, kind, bare.renamed(name -> inBlip2(kind, before, name))));
    }
  }

  /** The family that it is of. */
  public LanguageFamily kind() {
    return kind;
  }

  /** Its weights by the names they have in Hugging Face's BLIP-2. */
  public Checkpoint checkpoint() {
    return checkpoint;
  }

  /** Where it lies. */
  public Path folder() {
    return folder;
  }

  /**
   * Its configuration as the {@code text_config} of a BLIP-2, changed in what LAVIS changes: an
   * OPT's texts end with a line, and a T5 activates with the exact GELU instead of the tanh's.
   *
   * @param tokenizer of this language model
   */
  public JsonObject textConfig(Tokenizer tokenizer) throws IOException {
    Path file = folder.resolve("config.json");
    JsonObject text = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    switch (kind) {
      case OPT -> {
        int[] lineEnd = tokenizer.encodePlain("\n");
        if (lineEnd.length == 1) {
          text.addProperty("eos_token_id", lineEnd[0]);
        }
      }
      case T5 -> text.addProperty("dense_act_fn", "gelu");
    }
    return text;
  }

  /** Its tokenizer. */
  public HuggingFaceTokenizer tokenizer() throws IOException {
    return HuggingFaceTokenizer.open(folder);
  }

  /** Copies the tokenizer to a folder of the whole. */
  public void copyTokenizer(Path target) throws IOException {
    TokenizerCopy.copy(folder, target);
  }

  /** The token that Hugging Face's processor adds for the image: the first that is free. */
  static @Nullable public Integer imageToken(Tokenizer tokenizer, LanguageConfig text) {
    int token = tokenizer.idOf("<image>").orElse(tokenizer.vocabSize());
    return token < text.vocabSize() ? Integer.valueOf(token) : null;
  }

  /** A tensor that each of its kind has, whatever its name stands under. */
  private static String landmark(LanguageFamily kind) {
    return switch (kind) {
      case OPT -> "decoder.layers.0.self_attn.q_proj.weight";
      case T5 -> "encoder.block.0.layer.0.SelfAttention.q.weight";
    };
  }

  /**
   * OPT's body was saved alone at times, without the {@code model.} that its head puts before.
   *
   * @param before what the names stand under, the head's excepted
   */
  private static Optional<String> inBlip2(LanguageFamily kind, String before, String name) {
    // T5's first files hold a bias that nothing reads; Hugging Face passes over it too.
    if (name.endsWith("EncDecAttention.relative_attention_bias.weight")) {
      return Optional.empty();
    }
    if (name.startsWith(before)) {
      String body = kind == LanguageFamily.OPT ? "model." : "";
      boolean ofBody = kind == LanguageFamily.T5 || name.startsWith(before + "decoder.");
      return Optional.of(HuggingFaceNames.LANGUAGE + (ofBody ? body : "") + name.substring(before.length()));
    }
    String outer = before.endsWith("model.") ? before.substring(0, before.length() - 6) : "";
    boolean wrapped = !outer.isEmpty() && name.startsWith(outer);
    return Optional.of(HuggingFaceNames.LANGUAGE + (wrapped ? name.substring(outer.length()) : name));
  }

  @Override
  public void close() throws IOException {
    checkpoint.close();
  }
}
