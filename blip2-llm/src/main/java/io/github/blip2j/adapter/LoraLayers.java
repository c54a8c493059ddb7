package io.github.blip2j.adapter;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.NearNames;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.LowRankDropout;
import io.github.blip2j.nn.LowRankUpdate;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.qformer.QformerNames;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * The LoRA of a model in training: low-rank updates of the linear maps that the settings name,
 * whose own weights stay as they are.
 *
 * <pre>{@code
 * try (var source = LoraLayers.source(settings)) {
 *   Params params = Params.root(source.over(weights, keys), home);
 *   var model = new Blip2Model(config, params);
 *   LoraLayers lora = LoraLayers.attach(settings, params, keys);
 *   params.finish();
 * }
 * }</pre>
 */
public final class LoraLayers {
  private static final String WEIGHT = ".weight";
  private static final String A = ".lora_A";
  private static final String B = ".lora_B";
  private static final int SHOWN = 5;

  private final LoraSettings settings;
  private final LowRankDropout dropout;
  private final NavigableMap<String, Parameter> adapted; // weights by module of transformers

  private LoraLayers(
      LoraSettings settings, LowRankDropout dropout, NavigableMap<String, Parameter> adapted) {
    this.settings = settings;
    this.dropout = dropout;
    this.adapted = adapted;
  }

  /** Where the factors come from: an adapter that is trained further, or random numbers. */
  public static final class Source implements AutoCloseable {
    private final @Nullable LoraSettings settings;
    private final @Nullable LoraAdapter adapter;

    private Source(@Nullable LoraSettings settings, @Nullable LoraAdapter adapter) {
      this.settings = settings;
      this.adapter = adapter;
    }

    /**
     * Weights of a model with the factors.
     *
     * @param keys from the model's names to those of transformers
     */
    public Weights over(Weights base, KeyMap keys) {
      return settings == null ? base : new LoraWeights(base, keys, adapter, settings.seed());
    }

    @Override
    public void close() throws IOException {
      if (adapter != null) {
        adapter.close();
      }
    }
  }

  /**
   * Opens the source of the factors, which is needed until all are loaded; without settings there
   * are none.
   */
  public static Source source(@Nullable LoraSettings settings) throws IOException {
    @Nullable Path from = settings == null ? null : settings.from();
    return new Source(settings, from == null ? null : LoraAdapter.open(from));
  }

  /** Whether a parameter is a factor of a LoRA. */
  public static boolean isFactor(String name) {
    return isFirst(name) || name.endsWith(B + WEIGHT);
  }

  static boolean isFirst(String name) {
    return name.endsWith(A + WEIGHT);
  }

  /**
   * Adds updates to the linear maps of a model that has just been built, and trains their factors.
   *
   * @param params the model's root, whose weights have the factors
   * @param keys from the model's names to those of transformers
   * @throws IllegalArgumentException if a target names no linear map, or one that transformers
   *     stores together with others
   */
  public static LoraLayers attach(LoraSettings settings, Params params, KeyMap keys) {
    NavigableMap<String, Parameter> maps = new TreeMap<>();
    NavigableMap<String, String> fused = new TreeMap<>();
    params
        .all()
        .forEach(
            (name, parameter) -> {
              if (parameter.isOfLinearMap()) {
                KeyMap.Key key = keys.toStored(name);
                if (QformerNames.isLavisOnly(key.name())) {
                  return; // transformers lacks the captioning head
                }
                String module = moduleOf(key.name());
                maps.put(module, parameter);
                if (key.parts() > 1) {
                  fused.put(module, name);
                }
              }
            });
    NavigableMap<String, Parameter> chosen = choose(settings, maps);
    for (String module : chosen.keySet()) {
      if (fused.containsKey(module)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "lora: linear maps expected that are stored alone, got %s, query, key and value in"
                    + " one; choose others",
                module));
      }
    }
    var dropout = new LowRankDropout(settings.dropout());
    chosen.values().forEach(weight -> attach(settings, params, weight, dropout));
    return new LoraLayers(settings, dropout, Collections.unmodifiableNavigableMap(chosen));
  }

  private static void attach(
      LoraSettings settings, Params params, Parameter weight, LowRankDropout dropout) {
    Shape shape = weight.value().shape();
    Params at = params.at(moduleOf(weight.name()));
    Shape first = Shape.of(settings.rank(), shape.dim(1));
    Shape second = Shape.of(shape.dim(0), settings.rank());
    Parameter a = at.at(A.substring(1)).get("weight", first, Init.zeros());
    Parameter b = at.at(B.substring(1)).get("weight", second, Init.zeros());
    a.train();
    b.train();
    weight.adapt(new LowRankUpdate(a, b, settings.scale(), dropout));
  }

  private static String moduleOf(String weight) {
    return weight.endsWith(WEIGHT)
        ? weight.substring(0, weight.length() - WEIGHT.length())
        : weight;
  }

  /** The maps that the settings name, by peft's rules. */
  private static NavigableMap<String, Parameter> choose(
      LoraSettings settings, NavigableMap<String, Parameter> maps) {
    NavigableMap<String, Parameter> chosen = new TreeMap<>();
    @Nullable String pattern = settings.pattern();
    if (pattern != null) {
      Pattern compiled = compiled(pattern);
      maps.forEach(
          (module, weight) -> {
            if (compiled.matcher(module).matches()) {
              chosen.put(module, weight);
            }
          });
      requireAny(!chosen.isEmpty(), pattern, maps);
    }
    for (String target : settings.targets()) {
      boolean any = false;
      for (Map.Entry<String, Parameter> map : maps.entrySet()) {
        if (map.getKey().equals(target) || map.getKey().endsWith("." + target)) {
          chosen.put(map.getKey(), map.getValue());
          any = true;
        }
      }
      requireAny(any, target, maps);
    }
    return chosen;
  }

  private static Pattern compiled(String pattern) {
    try {
      return Pattern.compile(pattern);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "lora: pattern expected a regular expression, got '%s'; %s",
              pattern,
              e.getDescription()),
          e);
    }
  }

  private static void requireAny(boolean any, String target, NavigableMap<String, Parameter> maps) {
    if (!any) {
      var ends = new TreeSet<String>();
      maps.keySet().forEach(module -> ends.add(module.substring(module.lastIndexOf('.') + 1)));
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "lora: target expected to name a linear map, got '%s'; near it are %s",
              target,
              String.join(", ", NearNames.of(target, ends, SHOWN))));
    }
  }

  /** The settings. */
  public LoraSettings settings() {
    return settings;
  }

  /** The adapted weights, by the names of their modules in transformers. */
  public NavigableMap<String, Parameter> adapted() {
    return adapted;
  }

  /**
   * Checks that a LoRA alone is trained, because an adapter has no place for anything else.
   *
   * @param lora of the model, or null if it has none
   * @throws CheckpointException if there is none, or other parameters are trained too
   */
  public static void requireAlone(@Nullable LoraLayers lora, Collection<Parameter> parameters)
      throws CheckpointException {
    if (lora == null) {
      throw new CheckpointException(
          "export: LoRA expected for an adapter, got none; train with one (--lora)");
    }
    for (Parameter parameter : parameters) {
      if (parameter.isTrained() && !isFactor(parameter.name())) {
        throw new CheckpointException(
            "export: LoRA alone expected to be trained for an adapter, got "
                + parameter.name()
                + " too; freeze the rest (--freeze '*'), or export the whole model (--export hf)");
      }
    }
  }

  /** Announces a pass, whose dropout is drawn here. */
  public void begin(ForwardPass pass) {
    dropout.begin(pass);
  }

  /** The dropout of all inputs. */
  public LowRankDropout dropout() {
    return dropout;
  }

  /**
   * Checks that a continued adapter is used whole.
   *
   * @throws CheckpointException naming modules of the adapter that the model lacks
   */
  public void requireWhole() throws IOException {
    @Nullable Path from = settings.from();
    if (from == null) {
      return;
    }
    try (LoraAdapter adapter = LoraAdapter.open(from)) {
      List<String> lost = new ArrayList<>(adapter.modules());
      lost.removeAll(adapted.keySet());
      lost.removeIf(module -> adapted.containsKey("language_model." + module));
      if (!lost.isEmpty()) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s: adapter expected of this model, got %d modules that it lacks (%s%s); take the"
                    + " base it was trained on",
                from,
                lost.size(),
                String.join(", ", lost.subList(0, Math.min(SHOWN, lost.size()))),
                lost.size() > SHOWN ? ", ..." : ""));
      }
    }
  }

  /**
   * Writes the adapter in peft's format, {@code adapter_config.json} and {@code
   * adapter_model.safetensors}.
   *
   * @param folder is created if there is none
   * @param base the name or path of the model it belongs to, which peft looks for; may be empty
   */
  public void write(Path folder, String base) throws IOException {
    LoraFiles.write(folder, base, this);
  }

  /** The {@link LoraAdapter#identity} of the adapter as it is now. */
  public String identity() throws IOException {
    return LoraFiles.identity(this);
  }
}
