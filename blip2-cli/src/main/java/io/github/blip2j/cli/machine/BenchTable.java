package io.github.blip2j.cli.machine;

import io.github.blip2j.bench.BenchReport;
import io.github.blip2j.bench.Measurement;
import io.github.blip2j.cli.console.Console;
import java.io.PrintWriter;
import java.util.Locale;

/** Figures as a table, below the machine's description and above the costs of the run. */
final class BenchTable {
  private BenchTable() {}

  static void print(Console console, BenchReport report) {
    PrintWriter out = console.help();
    out.printf(
        Locale.ROOT,
        "%s in %s, %s kernels, %d threads, %s%n",
        report.preset().label(),
        report.precision().toString(),
        report.kernels(),
        report.threads(),
        report.cpu());
    out.printf(Locale.ROOT, "%-14s %10s %10s %10s %5s  of%n", "figure", "ms", "min", "max", "runs");
    for (Measurement each : report.figures()) {
      out.printf(
          Locale.ROOT,
          "%-14s %10.2f %10.2f %10.2f %5d  %s%n",
          each.figure().label(),
          each.ms(),
          each.minMs(),
          each.maxMs(),
          each.runs(),
          each.figure().work());
    }
    out.printf(Locale.ROOT, "%-14s %10.2f ms%n", "weights made", report.loadMs());
    report
        .peakResidentMb()
        .ifPresent(peak -> out.printf(Locale.ROOT, "%-14s %10.2f MiB%n", "peak memory", peak));
    out.flush();
  }
}
