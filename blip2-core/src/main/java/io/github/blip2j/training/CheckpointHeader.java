package io.github.blip2j.training;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.optim.Optimizer;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.types.Precision;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The text in a checkpoint's header: position, seed, sizes, optimiser, numbers of listeners. */
final class CheckpointHeader {
  static final String DTYPE = "dtype";

  /** The names of numbered checkpoints. */
  static final Pattern NAME = Pattern.compile("step-(\\d{8,18})\\.safetensors");

  // Long.parseLong accepts the digits of other scripts too.
  private static final Pattern NUMBER = Pattern.compile("-?[0-9]+");
  private static final String OPTIMIZER = "optimizer";
  private static final String CONSTANT = "optimizer.";
  private static final String LISTENER = "listener.";
  private static final String OBJECTIVE_CONSTANT = "objective.constant.";
  private static final String OBJECTIVE_SETTING = "objective.setting.";
  private static final String GROUPS = "groups.";
  private static final String SCHEDULE = "schedule";
  private static final String EPOCHS = "epochs";
  private static final String CLIP_NORM = "clip_norm";
  private static final String AVERAGE = "ema_decay";
  private static final Set<String> OWN =
      Set.of(
          "step", "epoch", "batch", "seed", DTYPE, SCHEDULE, EPOCHS, CLIP_NORM, AVERAGE, OPTIMIZER,
          "format");
  private static final String FIRST_OPTIMIZER = "adamW"; // the only one before names were stored
  private static final String SETTINGS = "resume with the settings of the start";

  /** The parts of a run that a header describes. */
  record Parts(
      TrainingSettings settings,
      Map<String, Long> sizes,
      Optimizer optimizer,
      Objective<?> objective,
      @Nullable WeightAverage average) {}

  private final String where;
  private final Map<String, String> saved;

  /** The header of a file, by its name in messages. */
  CheckpointHeader(String where, Map<String, String> saved) {
    this.where = where;
    this.saved = saved;
  }

  /** The header of a checkpoint to be written. */
  static Map<String, String> of(TrainingPosition at, Parts parts, Map<String, Double> listeners) {
    TrainingSettings settings = parts.settings;
    Optimizer optimizer = parts.optimizer;
    Map<String, String> header = new LinkedHashMap<>(SafetensorsWriter.PYTORCH_METADATA);
    header.put("step", Long.toString(at.step()));
    header.put("epoch", Integer.toString(at.epoch()));
    header.put("batch", Long.toString(at.batch()));
    header.put("seed", Long.toString(settings.seed()));
    header.put(DTYPE, settings.precision().toString());
    parts.sizes.forEach((name, size) -> header.put(name, Long.toString(size)));
    header.putAll(choices(parts));
    header.put(OPTIMIZER, optimizer.name());
    new TreeMap<>(optimizer.constants())
        .forEach((name, value) -> header.put(CONSTANT + name, Double.toString(value)));
    new TreeMap<>(parts.objective.constants())
        .forEach((name, value) -> header.put(OBJECTIVE_CONSTANT + name, value));
    listeners.forEach((name, value) -> header.put(LISTENER + name, Double.toString(value)));
    return header;
  }

  /**
   * Checks the name of a size.
   *
   * @throws IllegalArgumentException if the header has another meaning for it
   */
  static void requireFreeSize(String name) {
    boolean prefixed =
        Stream.of(CONSTANT, LISTENER, OBJECTIVE_CONSTANT, OBJECTIVE_SETTING, GROUPS)
            .anyMatch(name::startsWith);
    if (OWN.contains(name) || prefixed) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "checkpoint: name of a size expected, none of the header's own, got '%s'; choose another,"
                  + " such as batch_size",
              name));
    }
  }

  /** What may change when a run is resumed, and then makes it another. */
  private static Map<String, String> choices(Parts parts) {
    Map<String, String> choices = new LinkedHashMap<>();
    choices.put(SCHEDULE, text(parts.settings.schedule()));
    choices.put(EPOCHS, Integer.toString(parts.settings.epochs()));
    choices.put(CLIP_NORM, Double.toString(parts.settings.clipNorm()));
    if (parts.average != null) {
      choices.put(AVERAGE, Double.toString(parts.average.decay()));
    }
    new TreeMap<>(parts.optimizer.settings())
        .forEach((name, value) -> choices.put(GROUPS + name, value));
    new TreeMap<>(parts.objective.settings())
        .forEach((name, value) -> choices.put(OBJECTIVE_SETTING + name, value));
    return choices;
  }

  /** The choices that differ from a run's, such as {@code epochs 10 -> 20}. */
  List<String> changes(Parts parts) {
    List<String> changes = new ArrayList<>();
    choices(parts)
        .forEach(
            (name, now) -> {
              String before = saved.getOrDefault(name, now); // older checkpoints lack some
              if (!before.equals(now)) {
                changes.add(String.format(Locale.ROOT, "%s %s -> %s", plain(name), before, now));
              }
            });
    return changes;
  }

  /** The name of a choice in messages. */
  private static String plain(String name) {
    return name.startsWith(OBJECTIVE_SETTING)
        ? name.substring(OBJECTIVE_SETTING.length())
        : name.startsWith(GROUPS) ? name.substring(GROUPS.length()) : name;
  }

  /** What a schedule says of itself; of one that says nothing, its class, the same in every run. */
  static String text(Schedule schedule) {
    String own = String.valueOf(schedule.toString());
    Class<?> kind = schedule.getClass();
    boolean silent =
        own.equals(kind.getName() + "@" + Integer.toHexString(System.identityHashCode(schedule)));
    return silent ? (kind.isSynthetic() ? "a lambda" : kind.getName()) : own;
  }

  /** Checks seed, precision, sizes and optimiser against a run's. */
  void requireFits(Parts parts) throws CheckpointException {
    TrainingSettings settings = parts.settings;
    requireSame("seed", settings.seed(), number("seed"));
    // Checkpoints without it were written before the setting existed.
    String rounded = saved.getOrDefault(DTYPE, Precision.FLOAT32.toString());
    requireSame(DTYPE, settings.precision().toString(), rounded);
    for (Map.Entry<String, Long> size : parts.sizes.entrySet()) {
      String name = size.getKey();
      if (saved.containsKey(name)) { // older checkpoints have no sizes
        requireSame(name, size.getValue(), number(name));
      }
    }
    requireConstants(parts.optimizer);
    requireConstants(parts.objective);
  }

  /** Checks that the parameters mean what they meant; older checkpoints do not say it. */
  private void requireConstants(Objective<?> objective) throws CheckpointException {
    Map<String, String> own = objective.constants();
    for (Map.Entry<String, String> stored : saved.entrySet()) {
      String key = stored.getKey();
      if (key.startsWith(OBJECTIVE_CONSTANT)) {
        String name = key.substring(OBJECTIVE_CONSTANT.length());
        requireSame(name, own.getOrDefault(name, "none"), stored.getValue());
      }
    }
  }

  /** Checks that there are averages of weights if the run keeps some, and none if not. */
  void requireAverage(@Nullable WeightAverage average) throws CheckpointException {
    @Nullable String decay = saved.get(AVERAGE);
    if (average != null && decay == null) {
      throw new CheckpointException(
          where
              + ": average of weights (EMA) expected by this run, got a checkpoint without one;"
              + " resume without it");
    }
    if (average == null && decay != null) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: no average of weights (EMA) expected by this run, got one with a decay of %s;"
                  + " resume with it",
              where,
              decay));
    }
  }

  /** Checks that the optimiser is the one of the start: before its state is compared. */
  void requireOptimizer(Optimizer optimizer) throws CheckpointException {
    String name = saved.getOrDefault(OPTIMIZER, FIRST_OPTIMIZER);
    if (!name.equals(optimizer.name())) {
      throw differs(OPTIMIZER, optimizer.name(), name);
    }
  }

  private void requireConstants(Optimizer optimizer) throws CheckpointException {
    if (!saved.containsKey(OPTIMIZER)) {
      return; // written before constants were stored
    }
    Map<String, String> own = new TreeMap<>();
    optimizer.constants().forEach((name, value) -> own.put(name, Double.toString(value)));
    Map<String, String> theirs = new TreeMap<>();
    saved.forEach(
        (key, value) -> {
          if (key.startsWith(CONSTANT)) {
            theirs.put(key.substring(CONSTANT.length()), value);
          }
        });
    if (!own.equals(theirs)) {
      throw differs("constants of " + optimizer.name(), own, theirs);
    }
  }

  private void requireSame(String what, Object now, Object stored) throws CheckpointException {
    if (!now.equals(stored)) {
      throw differs(what, now, stored);
    }
  }

  private CheckpointException differs(String what, Object now, Object stored) {
    return new CheckpointException(
        String.format(
            Locale.ROOT,
            "%s: %s expected %s, with which the run was started, got %s from the settings of this"
                + " resume; resume with %s",
            where,
            what,
            stored,
            now,
            stored));
  }

  /** The position, which must be within the run. */
  TrainingPosition position(TrainingSettings settings, OptionalLong batchesPerEpoch)
      throws CheckpointException {
    long step = within("step", settings.maxSteps());
    Matcher name = NAME.matcher(where);
    if (name.matches() && Long.parseLong(name.group(1)) != step) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: step expected %d as in its name, got %d; it was changed or renamed",
              where,
              Long.parseLong(name.group(1)),
              step));
    }
    long epoch = within("epoch", settings.epochs());
    long batch = within("batch", batchesPerEpoch.orElse(Long.MAX_VALUE));
    return new TrainingPosition(step, Math.toIntExact(epoch), batch);
  }

  /** The number of updates, whatever run this is of. */
  long step() throws CheckpointException {
    return number("step");
  }

  /** The numbers of listeners. */
  Map<String, Double> listeners() throws CheckpointException {
    Map<String, Double> numbers = new LinkedHashMap<>();
    for (Map.Entry<String, String> entry : saved.entrySet()) {
      String key = entry.getKey();
      if (key.startsWith(LISTENER)) {
        try {
          numbers.put(key.substring(LISTENER.length()), Double.valueOf(entry.getValue()));
        } catch (NumberFormatException e) {
          throw noNumber(key, entry.getValue(), e);
        }
      }
    }
    return numbers;
  }

  private long within(String key, long end) throws CheckpointException {
    long value = number(key);
    if (value < 0 || value > end) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %s expected from 0 to %d, where this run ends, got %d; %s",
              where,
              key,
              end,
              value,
              SETTINGS));
    }
    return value;
  }

  private long number(String key) throws CheckpointException {
    @Nullable String text = saved.get(key);
    String value = String.valueOf(text);
    try {
      return Long.parseLong(NUMBER.matcher(value).matches() ? value : "");
    } catch (NumberFormatException e) {
      throw noNumber(key, text == null ? "none" : text, e);
    }
  }

  private CheckpointException noNumber(String key, String text, NumberFormatException e) {
    var wrong =
        new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s: header expected a number as %s, got %s; it is no checkpoint of a run",
                where,
                key,
                text));
    wrong.initCause(e);
    return wrong;
  }
}
