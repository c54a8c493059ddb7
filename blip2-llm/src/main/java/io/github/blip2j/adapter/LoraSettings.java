package io.github.blip2j.adapter;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a LoRA to train (Hu et al. 2021), with the names and defaults of Python's peft.
 *
 * @param rank of the products, {@code r}
 * @param alpha the scale before its division by the rank, or by its root
 * @param dropout of the inputs of the products while training
 * @param byRoot whether alpha is divided by the root of the rank, {@code use_rslora} (Kalajdzievski
 *     2023)
 * @param targets the linear maps: names, or ends of names after a dot, of modules in transformers,
 *     as in {@code q_proj}
 * @param pattern instead of targets: a regular expression of whole names of modules in
 *     transformers; or null
 * @param seed of the first factors; the second ones begin as zeros
 * @param from folder of an adapter whose factors are trained further; or null
 */
public record LoraSettings(
    int rank,
    double alpha,
    double dropout,
    boolean byRoot,
    List<String> targets,
    @Nullable String pattern,
    long seed,
    @Nullable Path from) {
  private static final int DEFAULT = 8;

  /**
   * Checks the numbers, and that something is adapted.
   *
   * @throws IllegalArgumentException naming the setting
   */
  public LoraSettings {
    targets = List.copyOf(targets);
    require(rank > 0, "r expected at least 1", rank);
    require(alpha > 0 && alpha < Double.POSITIVE_INFINITY, "alpha expected positive", alpha);
    require(dropout >= 0 && dropout < 1, "dropout expected in [0, 1)", dropout);
    boolean named = !targets.isEmpty() && targets.stream().noneMatch(String::isBlank);
    if (named == (pattern != null)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "lora: targets or a pattern expected, got %s; targets=q_proj,v_proj for example",
              named ? "both" : "neither"));
    }
  }

  private static void require(boolean holds, String what, Object got) {
    if (!holds) {
      throw new IllegalArgumentException("lora: " + what + ", got " + got);
    }
  }

  /** Updates of rank 8 with alpha 8, peft's defaults, of these linear maps. */
  public static LoraSettings of(String... targets) {
    return new LoraSettings(DEFAULT, DEFAULT, 0, false, List.of(targets), null, 0, null);
  }

  /** The same, of the linear maps whose whole names match a regular expression. */
  public static LoraSettings matching(String pattern) {
    return new LoraSettings(DEFAULT, DEFAULT, 0, false, List.of(), pattern, 0, null);
  }

  /**
   * The settings of an adapter, to be trained further.
   *
   * @throws CheckpointException if it is of another kind, or ranks differ from module to module
   */
  public static LoraSettings of(Path adapter) throws IOException {
    try (LoraAdapter open = LoraAdapter.open(adapter)) { // checks all of it
      open.requireFactors();
    }
    ConfigJson json = ConfigJson.read(adapter.resolve(LoraAdapter.CONFIG));
    for (String key : List.of("rank_pattern", "alpha_pattern")) {
      if (!json.childOrEmpty(key).keys().isEmpty()) {
        throw new CheckpointException(
            json + ": " + key + " expected empty to train on, got one; merge it, and train anew");
      }
    }
    boolean list = json.isList("target_modules");
    return new LoraSettings(
        json.sizeAt("r", DEFAULT),
        json.doubleAt("lora_alpha", DEFAULT),
        json.doubleAt("lora_dropout", 0),
        json.booleanAt("use_rslora", false),
        list ? json.stringsAt("target_modules") : List.of(),
        list ? null : json.stringAt("target_modules"),
        0,
        adapter);
  }

  /** With another rank. */
  public LoraSettings withRank(int newRank) {
    return new LoraSettings(newRank, alpha, dropout, byRoot, targets, pattern, seed, from);
  }

  /** With another scale. */
  public LoraSettings withAlpha(double newAlpha) {
    return new LoraSettings(rank, newAlpha, dropout, byRoot, targets, pattern, seed, from);
  }

  /** With dropout of the inputs while training. */
  public LoraSettings withDropout(double newDropout) {
    return new LoraSettings(rank, alpha, newDropout, byRoot, targets, pattern, seed, from);
  }

  /** With alpha divided by the root of the rank. */
  public LoraSettings withRootOfRank() {
    return new LoraSettings(rank, alpha, dropout, true, targets, pattern, seed, from);
  }

  /** With another seed of the first factors. */
  public LoraSettings withSeed(long newSeed) {
    return new LoraSettings(rank, alpha, dropout, byRoot, targets, pattern, newSeed, from);
  }

  /**
   * What the factors' meaning depends on, by name, for checkpoints: a run goes on with the same
   * values only.
   */
  public Map<String, String> constants() {
    return Map.of("lora_alpha", Double.toString(alpha), "lora_rslora", Boolean.toString(byRoot));
  }

  /** The factor of the products. */
  public double scale() {
    return alpha / (byRoot ? Math.sqrt(rank) : rank);
  }
}
