package io.github.blip2j.training;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.LeftOvers;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.Optimizer;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The checkpoints of a run: safetensors files with the trained parameters under their own names,
 * the optimiser's state under {@code optimizer.}, the objective's under {@code objective.},
 * averages of the parameters under {@code ema.}, and the position in the header. {@link Trainer}
 * uses it; a loop of one's own may do so too.
 *
 * <p>There are numbered ones, {@code step-00001000.safetensors}, of which the last are kept, and
 * named ones, such as {@code best.safetensors}, which stay until the next of that name.
 *
 * <p>A file appears whole or not at all: its bytes go to a hidden one beside it, which is forced to
 * the disk and renamed. Only then are older checkpoints removed.
 */
public final class CheckpointFolder {
  private static final Pattern OWN_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");
  private static final Pattern TAKEN =
      Pattern.compile("(?i)step-\\d+|con|prn|aux|nul|com\\d|lpt\\d");
  private static final String SUFFIX = ".safetensors";

  /** Writes bytes to a file; tests simulate a full disk here. */
  @FunctionalInterface
  interface Pipe {
    /** Writes the next bytes of a tensor. */
    void write(SafetensorsWriter file, String tensor, ByteBuffer bytes) throws IOException;
  }

  private final Path folder;
  private final Optimizer optimizer;
  private final Pipe pipe;
  private final CheckpointChoices choices;

  /**
   * The checkpoints of an optimizer's parameters in a folder, which is made when one is written.
   */
  public CheckpointFolder(Path folder, Optimizer optimizer) {
    this(folder, optimizer, SafetensorsWriter::write);
  }

  CheckpointFolder(Path folder, Optimizer optimizer, Pipe pipe) {
    this(folder, optimizer, pipe, CheckpointChoices.NONE);
  }

  private CheckpointFolder(Path folder, Optimizer optimizer, Pipe pipe, CheckpointChoices choices) {
    this.folder = folder;
    this.optimizer = optimizer;
    this.pipe = pipe;
    this.choices = choices;
  }

  private CheckpointFolder with(CheckpointChoices newChoices) {
    return new CheckpointFolder(folder, optimizer, pipe, newChoices);
  }

  /**
   * These checkpoints, of a run with these sizes: batches and the records they come from. A
   * checkpoint with other sizes is refused.
   *
   * @throws IllegalArgumentException if a size has a name that headers use, such as {@code step}
   */
  public CheckpointFolder withSizes(Map<String, Long> newSizes) {
    newSizes.keySet().forEach(CheckpointHeader::requireFreeSize);
    return with(choices.withSizes(newSizes));
  }

  /** These checkpoints, of a run with this number of batches in an epoch, if known. */
  public CheckpointFolder withBatches(OptionalLong perEpoch) {
    return with(choices.withBatches(perEpoch));
  }

  /** These checkpoints, with the state of an objective. */
  public CheckpointFolder withObjective(Objective<?> objective) {
    return with(choices.withObjective(objective));
  }

  /** These checkpoints, with an average of the optimizer's parameters, or without one. */
  public CheckpointFolder withAverage(@Nullable WeightAverage average) {
    return with(choices.withAverage(average));
  }

  /** These checkpoints, with the numbers of listeners. */
  CheckpointFolder withListeners(Supplier<Map<String, Double>> numbers) {
    return with(choices.withNumbers(numbers));
  }

  /** Writes a checkpoint and removes all numbered ones but the last that the settings keep. */
  public Path write(TrainingPosition at, TrainingSettings settings) throws IOException {
    Path file = add(at, settings);
    prune(settings.keep());
    return file;
  }

  /** Writes a checkpoint and removes none. */
  public Path add(TrainingPosition at, TrainingSettings settings) throws IOException {
    String name = String.format(Locale.ROOT, "step-%08d%s", at.step(), SUFFIX);
    return write(name, at, settings);
  }

  /**
   * Writes a checkpoint under a name, such as {@code best}, in place of an earlier one.
   *
   * @throws IllegalArgumentException if a file can't have the name
   */
  public Path writeNamed(String name, TrainingPosition at, TrainingSettings settings)
      throws IOException {
    requireName(name);
    return write(name + SUFFIX, at, settings);
  }

  /** The checkpoint of a name, which may not exist. */
  public Path named(String name) {
    requireName(name);
    return folder.resolve(name + SUFFIX);
  }

  /** Checks the name of a checkpoint. */
  static void requireName(String name) {
    if (!OWN_NAME.matcher(name).matches() || TAKEN.matcher(name).matches()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "checkpoint: name expected of letters, digits, '.', '_' and '-', at most 100 and no"
                  + " number of a step, got '%s'; choose another, such as best",
              name));
    }
  }

  private Path write(String name, TrainingPosition at, TrainingSettings settings)
      throws IOException {
    requireApart();
    OutputFile.makeFolder(folder);
    Path file = folder.resolve(name);
    @Nullable Path last = newest();
    removeLeftOvers(name);
    try {
      write(file, CheckpointHeader.of(at, parts(settings), choices.listeners().get()));
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

  private void requireApart() {
    @Nullable WeightAverage average = choices.average();
    if (average != null) {
      average.requireApart();
    }
  }

  private CheckpointHeader.Parts parts(TrainingSettings settings) {
    return new CheckpointHeader.Parts(
        settings, choices.sizes(), optimizer, choices.objective(), choices.average());
  }

  /** Removes temporary files of a run that was killed while writing. */
  private void removeLeftOvers(String own) throws IOException {
    LeftOvers.remove(
        folder, name -> name.equals(own) || CheckpointHeader.NAME.matcher(name).matches());
  }

  /** The system's message without the file's name. */
  private static @Nullable String reason(IOException e) {
    return e.getCause() instanceof IOException cause ? cause.getMessage() : e.getMessage();
  }

  /** The numbered checkpoint of the most updates, or null. */
  public @Nullable Path newest() throws IOException {
    List<Path> all = numbered();
    return all.isEmpty() ? null : all.get(all.size() - 1);
  }

  /** Where a run goes on whose newest weights are finite, but too large; for the message. */
  String adviceAfterDivergence() throws IOException {
    List<Path> all = numbered();
    if (all.isEmpty()) {
      return "";
    }
    @Nullable Path older = all.size() == 1 ? null : all.get(all.size() - 2);
    return String.format(
        Locale.ROOT,
        "; if the weights of %s are too large already, remove it and %s",
        all.get(all.size() - 1).getFileName(),
        older == null ? "start again" : "resume from " + older.getFileName());
  }

  /** Checks that a new run may begin here. */
  void requireNone() throws IOException {
    @Nullable Path newest = newest();
    if (newest != null) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "training: folder without checkpoints expected, got %s; resume it or choose another",
              newest));
    }
  }

  /** Checks that a run may go on here after a number of updates. */
  void requireNoneAfter(long step) throws IOException {
    @Nullable Path newest = newest();
    if (newest != null && stepOf(newest) > step) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "training: folder without checkpoints after step %d expected, got %s; remove them or"
                  + " choose another folder",
              step,
              newest));
    }
  }

  /**
   * Restores parameters, optimiser and the objective's state from a checkpoint.
   *
   * @return its position
   * @throws CheckpointException if it has another model, optimiser, seed, precision or sizes, or a
   *     position that the run does not reach; then nothing has changed
   */
  public TrainingPosition restore(Path file, TrainingSettings settings) throws IOException {
    return restore(file, settings, (numbers, changes) -> {});
  }

  /** Gets what a checkpoint tells beside its tensors. */
  @FunctionalInterface
  interface Told {
    /**
     * Takes it.
     *
     * @param numbers of listeners and of the log
     * @param changes the settings that differ from the run's, in words
     */
    void of(Map<String, Double> numbers, List<String> changes);
  }

  /** As above, and tells the numbers of listeners and the settings that have changed. */
  TrainingPosition restore(Path file, TrainingSettings settings, Told told) throws IOException {
    try (SafetensorsFile saved = SafetensorsFile.open(file);
        Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      String where = String.valueOf(file.getFileName());
      var header = new CheckpointHeader(where, saved.metadata());
      var tensors = new CheckpointTensors(optimizer, choices.objective(), choices.average());
      header.requireOptimizer(optimizer);
      header.requireAverage(choices.average());
      tensors.requireFit(where, saved);
      CheckpointHeader.Parts parts = parts(settings);
      header.requireFits(parts);
      TrainingPosition at = header.position(settings, choices.batchesPerEpoch());
      Map<String, Double> numbers = header.listeners();
      tensors.restore(saved);
      told.of(numbers, header.changes(parts));
      return at;
    }
  }

  /**
   * Loads the parameters of a checkpoint, and nothing else of it, into those of a model, to
   * evaluate or export it. Parameters that are not in it stay.
   *
   * @throws CheckpointException if a parameter of the checkpoint is not in the model, of another
   *     shape or packed; then nothing has changed
   */
  public static void loadParameters(Path file, Collection<Parameter> parameters)
      throws IOException {
    load(file, parameters, CheckpointTensors.Kind.WEIGHTS);
  }

  /**
   * Loads the averages of a checkpoint's parameters, and nothing else of it, into the parameters of
   * a model.
   *
   * @throws CheckpointException as above, or if the checkpoint has no averages
   */
  public static void loadAverages(Path file, Collection<Parameter> parameters) throws IOException {
    load(file, parameters, CheckpointTensors.Kind.AVERAGES);
  }

  private static void load(Path file, Collection<Parameter> parameters, CheckpointTensors.Kind kind)
      throws IOException {
    try (SafetensorsFile saved = SafetensorsFile.open(file);
        Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      CheckpointTensors.load(String.valueOf(file.getFileName()), saved, parameters, kind);
    }
  }

  /** The number of updates that a checkpoint's header tells. */
  static long stepOf(Path file) throws IOException {
    try (SafetensorsFile saved = SafetensorsFile.open(file)) {
      return new CheckpointHeader(String.valueOf(file.getFileName()), saved.metadata()).step();
    }
  }

  private void write(Path file, Map<String, String> header) throws IOException {
    try (Scope scope = Scope.open()) {
      Map<String, Tensor> contents =
          new CheckpointTensors(optimizer, choices.objective(), choices.average()).contents();
      List<TensorSpec> specs = CheckpointTensors.specs(contents);
      try (var writer = SafetensorsWriter.create(file, specs, header)) {
        for (Map.Entry<String, Tensor> entry : contents.entrySet()) {
          entry.getValue().write(bytes -> pipe.write(writer, entry.getKey(), bytes));
        }
      }
    }
  }

  /** Removes all numbered checkpoints but the last {@code keep}. */
  public void prune(int keep) throws IOException {
    List<Path> all = numbered();
    for (Path old : all.subList(0, Math.max(0, all.size() - keep))) {
      Files.delete(old);
    }
  }

  /** Numbered checkpoints by name, shorter numbers first. */
  private List<Path> numbered() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(
              file -> CheckpointHeader.NAME.matcher(String.valueOf(file.getFileName())).matches())
          .sorted(Comparator.comparingInt((Path f) -> f.toString().length()).thenComparing(f -> f))
          .toList();
    }
  }
}
