package io.github.blip2j.training;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.LeftOvers;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The checkpoints of a run: safetensors files with the trained parameters under their own names,
 * the optimiser's state under {@code optimizer.}, and the position in the header.
 *
 * <p>A file appears whole or not at all: its bytes go to a hidden one beside it, which is forced to
 * the disk and renamed. Only then are older checkpoints removed.
 */
final class CheckpointFolder {
  private static final Pattern NAME = Pattern.compile("step-(\\d{8,18})\\.safetensors");
  // Long.parseLong accepts the digits of other scripts too.
  private static final Pattern NUMBER = Pattern.compile("-?[0-9]+");
  private static final String STATE = "optimizer.";
  private static final String DTYPE = "dtype";

  /** Writes bytes to a file; tests simulate a full disk here. */
  @FunctionalInterface
  interface Pipe {
    /** Writes the next bytes of a tensor. */
    void write(SafetensorsWriter file, String tensor, ByteBuffer bytes) throws IOException;
  }

  private final Path folder;
  private final AdamW optimizer;
  private final Pipe pipe;
  private final Map<String, Long> sizes;
  private final OptionalLong batchesPerEpoch;

  CheckpointFolder(Path folder, AdamW optimizer, Pipe pipe) {
    this(folder, optimizer, pipe, Map.of(), OptionalLong.empty());
  }

  private CheckpointFolder(
      Path folder,
      AdamW optimizer,
      Pipe pipe,
      Map<String, Long> sizes,
      OptionalLong batchesPerEpoch) {
    this.folder = folder;
    this.optimizer = optimizer;
    this.pipe = pipe;
    this.sizes = sizes;
    this.batchesPerEpoch = batchesPerEpoch;
  }

  /** These checkpoints, of a run with these sizes: batches and the records they come from. */
  CheckpointFolder withSizes(Map<String, Long> newSizes) {
    return new CheckpointFolder(folder, optimizer, pipe, new TreeMap<>(newSizes), batchesPerEpoch);
  }

  /** These checkpoints, of a run with this number of batches in an epoch, if known. */
  CheckpointFolder withBatches(OptionalLong perEpoch) {
    return new CheckpointFolder(folder, optimizer, pipe, sizes, perEpoch);
  }

  /** Writes a checkpoint and removes all but the last that the settings keep. */
  Path write(TrainingPosition at, TrainingSettings settings) throws IOException {
    Path file = add(at, settings);
    prune(settings.keep());
    return file;
  }

  /** Writes a checkpoint and removes none. */
  Path add(TrainingPosition at, TrainingSettings settings) throws IOException {
    Path file = folder.resolve(String.format(Locale.ROOT, "step-%08d.safetensors", at.step()));
    @Nullable Path last = newest();
    removeLeftOvers();
    try {
      write(file, metadata(at, settings));
    } catch (IOException e) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "%s: checkpoint expected to be written, got %s; %s; make room and resume",
              file.getFileName(),
              reason(e),
              last == null ? "there is none before it" : last.getFileName() + " is whole"),
          e);
    }
    return file;
  }

  /** Removes temporary files of a run that was killed while writing. */
  void removeLeftOvers() throws IOException {
    LeftOvers.remove(folder, name -> NAME.matcher(name).matches());
  }

  /** The system's message without the file's name. */
  private static @Nullable String reason(IOException e) {
    return e.getCause() instanceof IOException cause ? cause.getMessage() : e.getMessage();
  }

  /** The checkpoint of the most updates, or null. */
  @Nullable Path newest() throws IOException {
    List<Path> all = matching(NAME);
    return all.isEmpty() ? null : all.get(all.size() - 1);
  }

  /**
   * Restores parameters and optimiser from a checkpoint.
   *
   * @throws CheckpointException if it has another model, seed, precision or sizes, or a position
   *     that the run does not reach; then nothing has changed
   */
  TrainingPosition restore(Path file, TrainingSettings settings) throws IOException {
    try (SafetensorsFile saved = SafetensorsFile.open(file);
        Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      String where = String.valueOf(file.getFileName());
      requireFits(where, saved);
      long seed = number(where, saved, "seed");
      requireSame(where, "seed", settings.seed(), seed);
      // Checkpoints without it were written before the setting existed.
      String rounded = saved.metadata().getOrDefault(DTYPE, Precision.FLOAT32.toString());
      requireSame(where, DTYPE, settings.precision().toString(), rounded);
      requireSizes(where, saved);
      TrainingPosition at = position(where, saved, settings);
      for (Parameter parameter : optimizer.parameters()) {
        try (Scope one = Scope.open(parameter.value().backend())) {
          Shape shape = parameter.value().shape();
          parameter.value().copyInPlace(read(saved, parameter.name(), DType.FLOAT32, shape));
        }
      }
      optimizer.restore((name, dtype, shape) -> read(saved, STATE + name, dtype, shape));
      return at;
    }
  }

  /** The checkpoint's position, which must be within the run. */
  private TrainingPosition position(String where, SafetensorsFile saved, TrainingSettings settings)
      throws CheckpointException {
    long step = within(where, saved, "step", settings.maxSteps());
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
    long epoch = within(where, saved, "epoch", settings.epochs());
    long batch = within(where, saved, "batch", batchesPerEpoch.orElse(Long.MAX_VALUE));
    return new TrainingPosition(step, Math.toIntExact(epoch), batch);
  }

  private static long within(String where, SafetensorsFile saved, String key, long end)
      throws CheckpointException {
    long value = number(where, saved, key);
    if (value < 0 || value > end) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %s expected from 0 to %d, where this run ends, got %d; resume with the settings"
                  + " of the start",
              where,
              key,
              end,
              value));
    }
    return value;
  }

  private void write(Path file, Map<String, String> metadata) throws IOException {
    try (Scope scope = Scope.open()) {
      Map<String, Tensor> contents = contents();
      try (var writer = SafetensorsWriter.create(file, specs(contents), metadata)) {
        for (Map.Entry<String, Tensor> entry : contents.entrySet()) {
          entry.getValue().write(bytes -> pipe.write(writer, entry.getKey(), bytes));
        }
      }
    }
  }

  private Map<String, Tensor> contents() {
    Map<String, Tensor> contents = new LinkedHashMap<>();
    optimizer.parameters().forEach(p -> contents.put(p.name(), p.value().detach()));
    optimizer.state().forEach((name, tensor) -> contents.put(STATE + name, tensor));
    return contents;
  }

  private static List<TensorSpec> specs(Map<String, Tensor> contents) {
    return contents.entrySet().stream()
        .map(e -> new TensorSpec(e.getKey(), e.getValue().dtype(), e.getValue().shape()))
        .toList();
  }

  private Map<String, String> metadata(TrainingPosition at, TrainingSettings settings) {
    Map<String, String> metadata = new LinkedHashMap<>(SafetensorsWriter.PYTORCH_METADATA);
    metadata.put("step", Long.toString(at.step()));
    metadata.put("epoch", Integer.toString(at.epoch()));
    metadata.put("batch", Long.toString(at.batch()));
    metadata.put("seed", Long.toString(settings.seed()));
    metadata.put(DTYPE, settings.precision().toString());
    sizes.forEach((name, size) -> metadata.put(name, Long.toString(size)));
    return metadata;
  }

  private static void requireSame(String where, String what, Object wanted, Object stored)
      throws CheckpointException {
    if (!wanted.equals(stored)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %s expected %s as in the settings, got %s; resume with the settings of the start",
              where,
              what,
              wanted,
              stored));
    }
  }

  /** Checks the sizes: other sizes would continue with other batches. */
  private void requireSizes(String where, SafetensorsFile saved) throws CheckpointException {
    for (Map.Entry<String, Long> size : sizes.entrySet()) {
      String name = size.getKey();
      boolean told = saved.metadata().containsKey(name); // older checkpoints have no sizes
      if (told && number(where, saved, name) != size.getValue()) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s: %s expected %d as in this run, got %d; resume with the settings of the start",
                where,
                name,
                size.getValue(),
                number(where, saved, name)));
      }
    }
  }

  private static long number(String where, SafetensorsFile saved, String key)
      throws CheckpointException {
    @Nullable String text = saved.metadata().get(key);
    String value = String.valueOf(text);
    try {
      return Long.parseLong(NUMBER.matcher(value).matches() ? value : "");
    } catch (NumberFormatException e) {
      var wrong =
          new CheckpointException(
              String.format(
                  Locale.ROOT,
                  "%s: header expected a number as %s, got %s; it is no checkpoint of a run",
                  where,
                  key,
                  text == null ? "none" : text));
      wrong.initCause(e);
      throw wrong;
    }
  }

  private void requireFits(String where, SafetensorsFile saved) throws CheckpointException {
    List<String> wrong = new ArrayList<>();
    TreeSet<String> rest = new TreeSet<>(saved.tensors().keySet());
    for (TensorSpec spec : specs(contents())) {
      rest.remove(spec.name());
      @Nullable TensorEntry entry = saved.tensors().get(spec.name());
      if (entry == null) {
        wrong.add(spec.name() + " is missing");
      } else if (entry.dtype() != spec.dtype() || !entry.shape().equals(spec.shape())) {
        wrong.add(
            String.format(
                Locale.ROOT,
                "%s is %s %s, not %s %s",
                spec.name(),
                entry.dtype(),
                entry.shape(),
                spec.dtype(),
                spec.shape()));
      }
    }
    rest.forEach(name -> wrong.add(name + " is not trained here"));
    if (!wrong.isEmpty()) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: tensors of this run expected, got %d others (%s%s)",
              where,
              wrong.size(),
              String.join(", ", wrong.subList(0, Math.min(4, wrong.size()))),
              wrong.size() > 4 ? ", ..." : ""));
    }
  }

  private static Tensor read(SafetensorsFile saved, String name, DType dtype, Shape shape)
      throws IOException {
    return Tensor.read(name, dtype, shape, (at, into) -> saved.read(name, at, into));
  }

  private void prune(int keep) throws IOException {
    List<Path> all = matching(NAME);
    for (Path old : all.subList(0, Math.max(0, all.size() - keep))) {
      Files.delete(old);
    }
  }

  /** Files by name, shorter numbers first. */
  private List<Path> matching(Pattern pattern) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> pattern.matcher(String.valueOf(file.getFileName())).matches())
          .sorted(Comparator.comparingInt((Path f) -> f.toString().length()).thenComparing(f -> f))
          .toList();
    }
  }
}
