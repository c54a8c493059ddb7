package io.github.blip2j.cli.machine;

import io.github.blip2j.backend.Threads;
import io.github.blip2j.bench.Bench;
import io.github.blip2j.bench.BenchReport;
import io.github.blip2j.bench.Figure;
import io.github.blip2j.bench.Preset;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.FigureName;
import io.github.blip2j.cli.option.NamedPrecision;
import io.github.blip2j.cli.option.PresetName;
import io.github.blip2j.cli.option.RunOptions;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code blip2 bench}: the speed of a model of a given size on this machine. */
@Command(
    name = "bench",
    description = {
      "Times a model of a given size on this machine, with random weights created in memory.",
      "Figures are medians in milliseconds, after a warm-up run."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class BenchCommand implements Callable<Integer> {
  private final Console console;

  @Option(
      names = "--preset",
      required = true,
      paramLabel = "P",
      converter = PresetName.class,
      description = "opt-2.7b, flan-t5-xl, vicuna-7b or tiny.")
  private Preset preset = Preset.TINY;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      converter = NamedPrecision.class,
      description =
          "How weights are stored: float32, bfloat16 for half the memory, int8 for a quarter. "
              + "Trained weights are float32; with bfloat16, the inputs they are multiplied with "
              + "are rounded.")
  private Precision dtype = Precision.FLOAT32;

  @Option(
      names = "--figures",
      paramLabel = "F",
      split = ",",
      converter = FigureName.class,
      description =
          "vision_b1, vision_b4, qformer_b1, prefill, decode_greedy, decode_beam5, "
              + "bert_train, stage1_train, captions_1_thread, captions_4_threads, read_1gb or "
              + "product; all that the preset has but the last six by default.")
  private @Nullable List<Figure> figures;

  @Mixin private RunOptions run = new RunOptions();

  public BenchCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    Bench bench = bench();
    BenchReport report;
    try (var progress = Progress.on(console);
        var scope = Scope.open(run.backend())) {
      progress.doing("creating weights of " + preset.label());
      report = bench.run(progress::doing);
    }
    if (run.json) {
      BenchJson.print(console, report);
    } else {
      BenchTable.print(console, report);
    }
    return ExitCode.OK;
  }

  private Bench bench() {
    try {
      run.prepare();
      Bench bench = Bench.of(preset, dtype, figures == null ? usual() : figures);
      if (run.threads != null) {
        Threads.use(run.threads); // also after other commands in this process
      }
      return bench;
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  /**
   * The default figures: training, threads and the machine's limits are left out, because they take
   * long.
   */
  private List<Figure> usual() {
    List<Figure> usual = new ArrayList<>(preset.figures());
    usual.removeAll(
        List.of(
            Figure.READ_1GB,
            Figure.PRODUCT,
            Figure.BERT_TRAIN,
            Figure.STAGE1_TRAIN,
            Figure.CAPTIONS_1_THREAD,
            Figure.CAPTIONS_4_THREADS));
    return usual;
  }
}
