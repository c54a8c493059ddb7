package io.github.blip2j.blip2.checkpoint.hf;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.blip2.checkpoint.files.Quantization;
import io.github.blip2j.blip2.model.LanguageFamilies;
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
  private final LanguageFamily family;
  private final Checkpoint checkpoint;

  private LanguageFolder(Path folder, LanguageFamily family, Checkpoint checkpoint) {
    this.folder = folder;
    this.family = family;
    this.checkpoint = checkpoint;
  }

  /**
   * Opens a folder with {@code config.json} and weights, of safetensors or of PyTorch, in shards or
   * whole.
   *
   * @throws CheckpointException if it is of no family among {@code families}
   */
  public static LanguageFolder open(Path folder, LanguageFamilies families) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: language model expected a folder, got %s",
              folder,
              Files.exists(folder) ? "a file" : "nothing"));
    }
    ConfigJson config = ModelFolder.configOfPart(folder);
    LoraAdapter.requireNone(folder, "language model");
    String told = config.stringAt("model_type", "nothing");
    LanguageFamily family =
        families.require(config + ": model_type of a plain language model", told);
    Checkpoint own = Checkpoint.open(folder);
    try (var opened = new OpenResources()) {
      opened.add(own::close);
      Quantization.requireNone(folder, own);
      Checkpoint bare = WrapperNames.removed(own);
      String before = WrapperNames.before(bare.tensors().navigableKeySet(), family.landmark());
      return opened.keep(
          new LanguageFolder(
              folder,
              family,
              bare.renamed(
                  name -> inBlip2(family, before, name), name -> inFolder(family, before, name))));
    }
  }

  /** The sizes of this language model in a BLIP-2. */
  public LanguageSizes sizes() throws IOException {
    try (var tokenizer = tokenizer()) {
      JsonObject text = textConfig(tokenizer);
      String where = folder.resolve("config.json").toString();
      LanguageConfig config = family.config(ConfigJson.parse(where, text.toString()));
      return new LanguageSizes(config, text, imageToken(tokenizer, config));
    }
  }

  /** The family of the language model. */
  public LanguageFamily family() {
    return family;
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
   * The configuration as the {@code text_config} of a BLIP-2, with LAVIS's changes; see {@link
   * LanguageFamily#joinToImages}.
   *
   * @param tokenizer of this language model
   */
  public JsonObject textConfig(Tokenizer tokenizer) throws IOException {
    Path file = folder.resolve("config.json");
    JsonObject text = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    Quantization.forget(text); // its weights read as float32
    family.joinToImages(text, tokenizer);
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

  /**
   * The name of a tensor in a BLIP-2. A decoder that was saved without its head has no {@code
   * model.} in its names.
   *
   * @param before the prefix of all names except the head's
   */
  private static Optional<String> inBlip2(LanguageFamily family, String before, String name) {
    // The first files of T5 have a bias that is not used; Hugging Face skips it too.
    if (name.endsWith("EncDecAttention.relative_attention_bias.weight")) {
      return Optional.empty();
    }
    if (name.startsWith(before)) {
      String rest = name.substring(before.length());
      boolean ofHead = rest.startsWith("lm_head.");
      return Optional.of(HuggingFaceNames.LANGUAGE + (ofHead ? "" : family.body()) + rest);
    }
    String outer = before.endsWith("model.") ? before.substring(0, before.length() - 6) : "";
    boolean wrapped = !outer.isEmpty() && name.startsWith(outer);
    return Optional.of(
        HuggingFaceNames.LANGUAGE + (wrapped ? name.substring(outer.length()) : name));
  }

  /** The name in the folder of a tensor of {@link #inBlip2}. */
  private static String inFolder(LanguageFamily family, String before, String name) {
    if (!name.startsWith(HuggingFaceNames.LANGUAGE)) {
      return name;
    }
    String bare = name.substring(HuggingFaceNames.LANGUAGE.length());
    if (bare.startsWith(family.body())) {
      return before + bare.substring(family.body().length());
    }
    String outer = before.endsWith("model.") ? before.substring(0, before.length() - 6) : before;
    return outer + bare;
  }

  @Override
  public void close() throws IOException {
    checkpoint.close();
  }
}
