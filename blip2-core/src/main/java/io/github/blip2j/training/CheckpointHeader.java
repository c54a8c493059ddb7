package io.github.blip2j.training;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.optim.Optimizer;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.types.Precision;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
  private static final String SCHEDULE = "schedule";
  private static final Set<String> OWN =
      Set.of("step", "epoch", "batch", "seed", DTYPE, SCHEDULE, OPTIMIZER, "format");
  private static final String FIRST_OPTIMIZER = "adamW"; // the only one before names were stored
  private static final String SETTINGS = "resume with the settings of the start";

  private final String where;
  private final Map<String, String> saved;

  /** The header of a file, by its name in messages. */
  CheckpointHeader(String where, Map<String, String> saved) {
    this.where = where;
    this.saved = saved;
  }

  /** The header of a checkpoint to be written. */
  static Map<String, String> of(
      TrainingPosition at,
      TrainingSettings settings,
      Map<String, Long> sizes,
      Optimizer optimizer,
      Map<String, Double> listeners) {
    Map<String, String> header = new LinkedHashMap<>(SafetensorsWriter.PYTORCH_METADATA);
    header.put("step", Long.toString(at.step()));
    header.put("epoch", Integer.toString(at.epoch()));
    header.put("batch", Long.toString(at.batch()));
    header.put("seed", Long.toString(settings.seed()));
    header.put(DTYPE, settings.precision().toString());
    sizes.forEach((name, size) -> header.put(name, Long.toString(size)));
    header.put(SCHEDULE, text(settings.schedule()));
    header.put(OPTIMIZER, optimizer.name());
    new TreeMap<>(optimizer.constants())
        .forEach((name, value) -> header.put(CONSTANT + name, Double.toString(value)));
    listeners.forEach((name, value) -> header.put(LISTENER + name, Double.toString(value)));
    return header;
  }

  /**
   * Checks the name of a size.
   *
   * @throws IllegalArgumentException if the header has another meaning for it
   */
  static void requireFreeSize(String name) {
    if (OWN.contains(name) || name.startsWith(CONSTANT) || name.startsWith(LISTENER)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "checkpoint: name of a size expected, none of the header's own, got '%s'; choose another,"
                  + " such as batch_size",
              name));
    }
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
  void requireFits(TrainingSettings settings, Map<String, Long> sizes, Optimizer optimizer)
      throws CheckpointException {
    requireSame("seed", "in the settings", settings.seed(), number("seed"));
    // Checkpoints without it were written before the setting existed.
    String rounded = saved.getOrDefault(DTYPE, Precision.FLOAT32.toString());
    requireSame(DTYPE, "in the settings", settings.precision().toString(), rounded);
    for (Map.Entry<String, Long> size : sizes.entrySet()) {
      String name = size.getKey();
      if (saved.containsKey(name)) { // older checkpoints have no sizes
        requireSame(name, "in this run", size.getValue(), number(name));
      }
    }
    requireConstants(optimizer);
  }

  /** Checks that the optimiser is the one of the start: before its state is compared. */
  void requireOptimizer(Optimizer optimizer) throws CheckpointException {
    String name = saved.getOrDefault(OPTIMIZER, FIRST_OPTIMIZER);
    if (!name.equals(optimizer.name())) {
      throw differs(
          OPTIMIZER,
          "in this run",
          optimizer.name(),
          name,
          "resume with the optimizer of the start");
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
      throw differs(
          "constants of " + optimizer.name(), "in this run", own, theirs, "resume with the latter");
    }
  }

  private void requireSame(String what, String as, Object wanted, Object stored)
      throws CheckpointException {
    if (!wanted.equals(stored)) {
      throw differs(what, as, wanted, stored, SETTINGS);
    }
  }

  private CheckpointException differs(
      String what, String as, Object wanted, Object stored, String remedy) {
    return new CheckpointException(
        String.format(
            Locale.ROOT,
            "%s: %s expected %s as %s, got %s; %s",
            where,
            what,
            wanted,
            as,
            stored,
            remedy));
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
