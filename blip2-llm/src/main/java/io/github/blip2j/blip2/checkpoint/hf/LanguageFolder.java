package io.github.blip2j.blip2.checkpoint.hf;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.blip2.checkpoint.files.Quantization;
import io.github.blip2j.blip2.model.Blip2Config;
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
 * The open folder of a plain language model, such as {@code facebook/opt-2.7b} or {@code
 * google/flan-t5-xl}. Its tensors have the names {@code language_model.*} that they have in Hugging
 * Face's BLIP-2.
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
   * @throws CheckpointException if it is neither an OPT nor a T5
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

  /** The sizes of this language model in a BLIP-2. */
  public LanguageSizes sizes() throws IOException {
    try (var tokenizer = tokenizer()) {
      JsonObject text = textConfig(tokenizer);
      String where = folder.resolve("config.json").toString();
      LanguageConfig config = Blip2Config.language(kind, ConfigJson.parse(where, text.toString()));
      return new LanguageSizes(config, text, imageToken(tokenizer, config));
    }
  }

  /** The family of the language model. */
  public LanguageFamily kind() {
    return kind;
  }

  /** The weights under the names of Hugging Face's BLIP-2. */
  public Checkpoint checkpoint() {
    return checkpoint;
  }

  /** The folder. */
  public Path folder() {
    return folder;
  }

  /**
   * The configuration as the {@code text_config} of a BLIP-2, with LAVIS's two changes: a line
   * break ends the texts of an OPT, and the activation of a T5 is the exact GELU.
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

  /** Opens the tokenizer, which the caller closes. */
  public HuggingFaceTokenizer tokenizer() throws IOException {
    return HuggingFaceTokenizer.open(folder);
  }

  /** The token of Hugging Face's processor for the image: the first unused one, or null. */
  static @Nullable public Integer imageToken(Tokenizer tokenizer, LanguageConfig text) {
    int token = tokenizer.idOf("<image>").orElse(tokenizer.vocabSize());
    return token < text.vocabSize() ? Integer.valueOf(token) : null;
  }

  /** A tensor that every model of a family has, without the prefixes of its name. */
  private static String landmark(LanguageFamily kind) {
    return switch (kind) {
      case OPT -> "decoder.layers.0.self_attn.q_proj.weight";
      case T5 -> "encoder.block.0.layer.0.SelfAttention.q.weight";
    };
  }

  /**
   * The name of a tensor in a BLIP-2. An OPT that was saved without its head has no {@code model.}
   * in its names.
   *
   * @param before the prefix of all names except the head's
   */
  private static Optional<String> inBlip2(LanguageFamily kind, String before, String name) {
    // The first files of T5 have a bias that is not used; Hugging Face skips it too.
    if (name.endsWith("EncDecAttention.relative_attention_bias.weight")) {
      return Optional.empty();
    }
    if (name.startsWith(before)) {
      String body = kind == LanguageFamily.OPT ? "model." : "";
      boolean ofBody = kind == LanguageFamily.T5 || name.startsWith(before + "decoder.");
      return Optional.of(
          HuggingFaceNames.LANGUAGE + (ofBody ? body : "") + name.substring(before.length()));
    }
    String outer = before.endsWith("model.") ? before.substring(0, before.length() - 6) : "";
    boolean wrapped = !outer.isEmpty() && name.startsWith(outer);
    return Optional.of(
        HuggingFaceNames.LANGUAGE + (wrapped ? name.substring(outer.length()) : name));
  }

  @Override
  public void close() throws IOException {
    checkpoint.close();
  }
}
