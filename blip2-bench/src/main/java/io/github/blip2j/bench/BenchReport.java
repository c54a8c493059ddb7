package io.github.blip2j.bench;

import io.github.blip2j.tensor.types.Precision;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Measured figures and their conditions.
 *
 * @param kernels name of the kernel provider
 * @param threads of the native libraries
 * @param loadMs milliseconds for making the models
 * @param peakResidentMb peak of resident memory so far, in MiB; empty if the system does not report
 *     it
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
