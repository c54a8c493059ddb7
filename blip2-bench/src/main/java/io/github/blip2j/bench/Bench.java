package io.github.blip2j.bench;

import io.github.blip2j.backend.Diagnostics;
import io.github.blip2j.backend.Threads;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Times a model of given sizes with random weights, which are made in memory; nothing is downloaded
 * or written. The weights do not affect the times.
 */
public final class Bench {
  private final Preset preset;
  private final Precision precision;
  private final List<Figure> figures;

  private Bench(Preset preset, Precision precision, List<Figure> figures) {
    this.preset = preset;
    this.precision = precision;
    this.figures = figures;
  }

  /**
   * A benchmark.
   *
   * @param precision how the matrices of the vision and language models are stored; in bfloat16,
   *     training rounds the operands of linear maps
   * @throws IllegalArgumentException if the preset lacks what a figure needs
   */
  public static Bench of(Preset preset, Precision precision, List<Figure> figures) {
    Set<Figure> possible = preset.figures();
    for (Figure figure : figures) {
      if (!possible.contains(figure)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "bench: figures of %s expected among %s, got %s",
                preset.label(),
                labels(possible),
                figure.label()));
      }
    }
    return new Bench(preset, precision, List.copyOf(figures));
  }

  /**
   * Measures the figures, one after another.
   *
   * @param progress receives a description of the current work
   */
  public BenchReport run(Consumer<String> progress) throws IOException {
    // First, so that starting the native libraries does not count as making weights.
    String kernels = Workspace.currentBackend().name();
    int threads = Threads.count();
    List<Measurement> measured = new ArrayList<>();
    double loadMs;
    try (Scope memory = Scope.detached();
        Scope inputs = Scope.open()) {
      Parts parts = new Parts(preset, precision, memory);
      for (Figure figure : figures) {
        progress.accept(
            String.format(
                Locale.ROOT, "%s of %s in %s", figure.label(), preset.label(), precision));
        measured.add(new Workloads(parts).measure(figure));
      }
      loadMs = parts.loadMs();
    }
    return new BenchReport(
        preset,
        precision,
        kernels,
        threads,
        Diagnostics.cpu().getOrDefault("model", "unknown"),
        measured,
        loadMs,
        ProcessMemory.peak());
  }

  private static String labels(Set<Figure> figures) {
    return figures.stream().map(Figure::label).collect(Collectors.joining(", "));
  }
}
