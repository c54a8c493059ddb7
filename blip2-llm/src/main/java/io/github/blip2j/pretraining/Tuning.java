package io.github.blip2j.pretraining;

import io.github.blip2j.adapter.LoraSettings;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.ParameterPattern;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What is trained of a model besides a stage's own parts: patterns of parameter names ({@link
 * ParameterPattern}), and a LoRA.
 *
 * @param trained patterns of parameters that are trained too
 * @param frozen patterns of parameters that stay as they are; they win
 * @param lora low-rank updates of linear maps, or null for none
 */
public record Tuning(List<String> trained, List<String> frozen, @Nullable LoraSettings lora) {
  /** The stage's own parts, and nothing else. */
  public static final Tuning NONE = new Tuning(List.of(), List.of(), null);

  /** Checks the patterns. */
  public Tuning {
    trained = List.copyOf(trained);
    frozen = List.copyOf(frozen);
    trained.forEach(ParameterPattern::of);
    frozen.forEach(ParameterPattern::of);
  }

  /** With these parameters trained too. */
  public Tuning withTrained(List<String> patterns) {
    return new Tuning(patterns, frozen, lora);
  }

  /** With these parameters left as they are. */
  public Tuning withFrozen(List<String> patterns) {
    return new Tuning(trained, patterns, lora);
  }

  /** With a LoRA. */
  public Tuning withLora(LoraSettings settings) {
    return new Tuning(trained, frozen, settings);
  }

  /**
   * The names of the trained parameters, without the factors of a LoRA.
   *
   * @param own those that the stage trains by itself
   * @param names of all parameters
   * @throws IllegalArgumentException if a pattern matches no parameter, naming those near it
   */
  NavigableSet<String> select(Collection<String> own, Collection<String> names) {
    NavigableSet<String> selected = new TreeSet<>(own);
    selected.addAll(ParameterPattern.select("train", trained, names));
    selected.removeAll(ParameterPattern.select("freeze", frozen, names));
    return selected;
  }

  /**
   * Trains and freezes the parameters of a model whose own parts are trained already.
   *
   * @throws IllegalArgumentException if a pattern matches no parameter, or nothing is left to train
   *     and there is no LoRA
   */
  public void apply(NavigableMap<String, Parameter> parameters) {
    List<String> own =
        parameters.entrySet().stream()
            .filter(each -> each.getValue().isTrained())
            .map(each -> each.getKey())
            .toList();
    NavigableSet<String> selected = select(own, parameters.keySet());
    requireAny(!selected.isEmpty() || lora != null);
    parameters.forEach(
        (name, parameter) -> {
          if (!selected.contains(name)) {
            parameter.freeze();
          } else if (!parameter.isTrained()) {
            parameter.train();
          }
        });
  }

  /** Checks that something is trained. */
  static void requireAny(boolean any) {
    if (!any) {
      throw new IllegalArgumentException(
          "train: a parameter expected to be trained, got all of them frozen; freeze fewer");
    }
  }
}
