package io.github.blip2j.bench;

import io.github.blip2j.tensor.types.Precision;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Figures, and on what they were taken.
 *
 * @param kernels name of the kernel provider
 * @param threads of the native libraries
 * @param loadMs milliseconds that making the models took
 * @param peakResidentMb most memory that the process has held so far, in MiB; empty where the
 *     system does not tell
 */
public record BenchReport(
    Preset preset,
    Precision precision,
    String kernels,
    int threads,
    String cpu,
    List<Measurement> figures,
    double loadMs,
    OptionalDouble peakResidentMb) {

  /** Copies the list. */
  public BenchReport {
    figures = List.copyOf(figures);
  }
}
