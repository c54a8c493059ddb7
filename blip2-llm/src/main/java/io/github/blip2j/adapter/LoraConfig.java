package io.github.blip2j.adapter;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The scaling in the {@code adapter_config.json} of a LoRA adapter.
 *
 * @param alpha the scale before its division by the rank or the rank's root
 * @param byRoot whether it is divided by the root (Kalajdzievski 2023)
 * @param alphas scales of single modules, by the end of their names
 * @param ranks of the products, or none if they are not stated
 */
record LoraConfig(
    double alpha, boolean byRoot, Map<String, Double> alphas, NavigableSet<Long> ranks) {
  private static final String INIT = "init_lora_weights";
  private static final String ALPHAS = "alpha_pattern";
  private static final int MOST_SHOWN = 80;

  /** Keys that do not affect the result, or whose effect is visible in the tensors. */
  private static final Set<String> HARMLESS =
      Set.of(
          ALPHAS,
          "auto_mapping",
          "base_model_name_or_path",
          "bias",
          "corda_config",
          "ensure_weight_tying",
          "eva_config",
          "exclude_modules",
          "fan_in_fan_out",
          "inference_mode",
          INIT,
          "layers_pattern",
          "layers_to_transform",
          "loftq_config",
          "lora_alpha",
          "lora_bias",
          "lora_dropout",
          "lora_ga_config",
          "megatron_core",
          "modules_to_save",
          "peft_type",
          "peft_version",
          "qalora_group_size",
          "r",
          "rank_pattern",
          "revision",
          "runtime_config",
          "target_modules",
          "task_type",
          "use_rslora");

  /** Initialisations that leave the base model unchanged; others change it before training. */
  private static final Set<String> PLAIN_INITS = Set.of("gaussian", "eva", "orthogonal");

  private static final Pattern PLAIN_NAME = Pattern.compile("[\\w.]+");

  LoraConfig {
    alphas = Map.copyOf(alphas);
    ranks = Collections.unmodifiableNavigableSet(new TreeSet<>(ranks));
  }

  /**
   * Reads the configuration of a LoRA adapter.
   *
   * @throws CheckpointException naming the setting of another kind of adapter
   */
  static LoraConfig fromJson(ConfigJson json) throws CheckpointException {
    String kind = json.stringAt("peft_type", "nothing");
    if (!kind.equals("LORA")) {
      throw refused(json, "peft_type expected LORA, got " + kind);
    }
    for (String key : json.keys()) {
      if (!HARMLESS.contains(key) && !isEmpty(json, key)) {
        throw refused(json, key + " expected to be empty or false, got a value");
      }
    }
    requirePlainInit(json);
    Map<String, Double> alphas = new TreeMap<>();
    ConfigJson patterns = json.childOrEmpty(ALPHAS);
    for (String key : patterns.keys()) {
      String name = key.replace("\\.", ".");
      if (!PLAIN_NAME.matcher(name).matches()) {
        throw refused(json, ALPHAS + " expected the ends of names, got " + shown(key));
      }
      alphas.put(name, patterns.doubleAt(key));
    }
    return new LoraConfig(
        json.isNull("lora_alpha") ? json.doubleAt("lora_alpha") : json.doubleAt("lora_alpha", 8),
        json.booleanAt("use_rslora", false),
        alphas,
        ranks(json));
  }

  /** The ranks that products may have, which peft always states. */
  private static NavigableSet<Long> ranks(ConfigJson json) throws CheckpointException {
    NavigableSet<Long> ranks = new TreeSet<>();
    if (!json.has("r") && !json.isNull("r")) {
      return ranks;
    }
    ranks.add((long) json.sizeAt("r", 0));
    ConfigJson patterns = json.childOrEmpty("rank_pattern");
    for (String key : patterns.keys()) {
      ranks.add((long) patterns.sizeAt(key, 0));
    }
    return ranks;
  }

  private static void requirePlainInit(ConfigJson json) throws CheckpointException {
    if (json.has(INIT) && !isBoolean(json, INIT)) {
      String init = json.stringAt(INIT);
      if (!PLAIN_INITS.contains(init)) {
        throw refused(
            json, INIT + " expected one that leaves the base as it is, got " + shown(init));
      }
    }
  }

  /** The scale of a module's product of a given rank. */
  double scale(String module, long rank) {
    double strength =
        alphas.entrySet().stream()
            .filter(each -> module.equals(each.getKey()) || module.endsWith("." + each.getKey()))
            .map(Map.Entry::getValue)
            .findFirst()
            .orElse(alpha);
    return strength / (byRoot ? Math.sqrt((double) rank) : rank);
  }

  private static CheckpointException refused(ConfigJson json, String what) {
    return new CheckpointException(json + ": " + what + LoraAdapter.MERGE_IN_PYTHON);
  }

  private static boolean isEmpty(ConfigJson json, String key) {
    try {
      if (json.hasChild(key)) {
        return json.child(key).keys().isEmpty();
      }
      return isBoolean(json, key) ? !json.booleanAt(key) : json.stringsAt(key).isEmpty();
    } catch (CheckpointException e) {
      return false; // a number, or a list with one
    }
  }

  private static boolean isBoolean(ConfigJson json, String key) {
    try {
      json.booleanAt(key);
      return true;
    } catch (CheckpointException e) {
      return false;
    }
  }

  private static String shown(String text) {
    return text.length() <= MOST_SHOWN ? text : text.substring(0, MOST_SHOWN) + "...";
  }
}
