package io.github.blip2j.blip2.model;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.llm.llama.LlamaFamily;
import io.github.blip2j.llm.opt.OptFamily;
import io.github.blip2j.llm.t5.T5Family;
import io.github.blip2j.service.ModelTypes;
import io.github.blip2j.service.Services;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Families of language models by {@code model_type}. A set does not change; {@link #with} makes
 * another one.
 *
 * <p>A family of your own is given to a loader, or named in {@code
 * META-INF/services/io.github.blip2j.llm.LanguageFamily} of a jar on the class path:
 *
 * <pre>{@code
 * Blip2.load(folder, LoadOptions.of(Precision.FLOAT32)
 *     .withLanguageFamilies(LanguageFamilies.installed().with(new MyFamily())));
 * }</pre>
 */
public final class LanguageFamilies {
  private static final LanguageFamilies BUILT_IN =
      new LanguageFamilies(Map.of()).with(OptFamily.OPT).with(T5Family.T5).with(LlamaFamily.LLAMA);

  private final Map<String, LanguageFamily> byType;

  private LanguageFamilies(Map<String, LanguageFamily> byType) {
    this.byType = new TreeMap<>(byType);
  }

  /** OPT, T5 and the decoders of LLaMA's kind. */
  public static LanguageFamilies builtIn() {
    return BUILT_IN;
  }

  /**
   * Those of this library, and those that {@link java.util.ServiceLoader} finds through the class
   * loaders of this library and of the thread.
   *
   * @throws IllegalArgumentException if two of them read the same {@code model_type}
   */
  public static LanguageFamilies installed() {
    LanguageFamilies all = BUILT_IN;
    for (LanguageFamily family : Services.find(LanguageFamily.class)) {
      all = all.with(family);
    }
    return all;
  }

  /**
   * These families and another one.
   *
   * @throws IllegalArgumentException if one of its model types is blank or taken, or it has none
   */
  public LanguageFamilies with(LanguageFamily family) {
    LanguageFamilies more = new LanguageFamilies(byType);
    ModelTypes.enter(
        more.byType, "language families", family, LanguageFamily::name, LanguageFamily::modelTypes);
    return more;
  }

  /** The family that reads this {@code model_type}, if there is one. */
  public Optional<LanguageFamily> find(String modelType) {
    return Optional.ofNullable(byType.get(modelType));
  }

  /**
   * The family that reads this {@code model_type}.
   *
   * @param where the file and key, for the message
   * @throws CheckpointException naming the known ones, if there is none
   */
  public LanguageFamily require(String where, String modelType) throws CheckpointException {
    LanguageFamily family = byType.get(modelType);
    if (family == null) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s expected one of %s, got %s%s; another family is registered by"
                  + " withLanguageFamilies of LoadOptions or StageTwoSetup, or as a service %s",
              where,
              String.join(", ", byType.keySet()),
              modelType.isEmpty() ? "nothing" : modelType,
              modelType.equals("umt5") ? ", whose layers have position biases of their own" : "",
              LanguageFamily.class.getName()));
    }
    return family;
  }

  @Override
  public String toString() {
    return byType.keySet().toString();
  }
}
