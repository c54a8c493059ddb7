package io.github.blip2j.golden;

import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.NavigableSet;

/** The tensors of one {@code expected.safetensors}, and comparison with them. */
public final class Golden implements AutoCloseable {
  private static final Path REPORT = Path.of("target", "parity.tsv");

  private final String folder;
  private final SafetensorsFile file;

  private Golden(String folder, SafetensorsFile file) {
    this.folder = folder;
    this.file = file;
  }

  /** Opens the folder's tensors. */
  public static Golden open(Path folder) {
    return openFile(folder.resolve("expected.safetensors"));
  }

  /** Opens other tensors of a folder. */
  public static Golden openFile(Path file) {
    try {
      Path folder = file.toAbsolutePath().normalize().getParent();
      String name = folder == null ? "" : String.valueOf(folder.getFileName());
      return new Golden(name, SafetensorsFile.open(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Names of all tensors. */
  public NavigableSet<String> names() {
    return file.tensors().navigableKeySet();
  }

  /** A tensor, in the current scope. */
  public Tensor get(String name) {
    TensorEntry entry = file.tensors().get(name);
    if (entry == null) {
      throw new AssertionError(name + ": golden tensor expected, got none");
    }
    try {
      return Tensor.read(
          name, entry.dtype(), entry.shape(), (at, into) -> file.read(name, at, into));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether there is such a tensor. */
  public boolean has(String name) {
    return file.tensors().containsKey(name);
  }

  /** Asserts that shape and values agree, naming the worst index if they do not. */
  public void assertClose(String name, Tensor actual, double tolerance) {
    Tensor expected = get(name);
    expected.shape().require("golden", name, actual.shape().toArray());
    assertClose(name, name, expected.toFloats(), actual.toFloats(), tolerance);
  }

  /** Asserts that values agree, and reports how well under the name of their stage. */
  public void assertClose(
      String name, String stage, float[] expected, float[] actual, double tolerance) {
    assertClose(name, expected, actual, tolerance);
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs((double) expected[i] - actual[i]));
    }
    report(stage, largest, tolerance);
  }

  /** Asserts that a difference is small, and reports it under the name of its stage. */
  public void assertWithin(String name, String stage, double difference, double tolerance) {
    if (!(difference <= tolerance)) {
      throw new AssertionError(
          String.format(
              Locale.ROOT, "%s: expected within %g, got %g", name, tolerance, difference));
    }
    report(stage, difference, tolerance);
  }

  /**
   * Adds a line to {@code target/parity.tsv}, of which the tables in the documentation are made.
   */
  private void report(String stage, double largest, double tolerance) {
    String line =
        String.format(Locale.ROOT, "%s\t%s\t%.3g\t%g%n", folder, stage, largest, tolerance);
    try {
      Files.createDirectories(REPORT.getParent());
      Files.writeString(REPORT, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Asserts that values agree within an absolute tolerance. */
  public static void assertClose(String name, float[] expected, float[] actual, double tolerance) {
    if (expected.length != actual.length) {
      throw new AssertionError(
          String.format(
              Locale.ROOT, "%s: expected %d values, got %d", name, expected.length, actual.length));
    }
    int worst = -1;
    double largest = -1;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs((double) expected[i] - actual[i]);
      if (Double.isNaN(difference) || difference > largest) {
        worst = i;
        largest = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference;
      }
    }
    if (largest > tolerance) {
      throw new AssertionError(
          String.format(
              Locale.ROOT,
              "%s: expected within %g, got %g at index %d: %g and %g",
              name,
              tolerance,
              largest,
              worst,
              expected[worst],
              actual[worst]));
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
