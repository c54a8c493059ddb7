package io.github.blip2j.blip2.checkpoint.hf;

import com.google.gson.JsonObject;
import io.github.blip2j.llm.LanguageConfig;
import org.jspecify.annotations.Nullable;

/**
 * The sizes of a plain language model as a part of a BLIP-2.
 *
 * @param config its configuration
 * @param json the same as a {@code text_config} of Hugging Face
 * @param imageToken the token of Hugging Face's processor for the image, or null if all are taken
 */
public record LanguageSizes(LanguageConfig config, JsonObject json, @Nullable Integer imageToken) {}
