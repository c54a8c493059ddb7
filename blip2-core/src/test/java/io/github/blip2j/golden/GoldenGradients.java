package io.github.blip2j.golden;

import io.github.blip2j.tensor.Tensor;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * All gradients of one loss, against a reference's in float32.
 *
 * <p>Each agrees to 1e-4 of its own largest entry. What leads to the scores of an attention may
 * differ by 1e-6 of the largest entry of the same attention's values besides: the softmax gives a
 * score the difference between its value's gradient and the mean of all, which is next to nothing
 * where values matter alike, and a bias of the keys gets the sum of such differences, which is
 * zero. What is left of them is rounding, as large as units of float32, 6e-8 each, of what was
 * cancelled.
 */
public final class GoldenGradients {
  private static final double OF_ITS_OWN = 1e-4;
  private static final double OF_THE_VALUES = 1e-6; // up to 2.6e-7 has been seen
  private static final Pattern SCORING = Pattern.compile("\\.(?:key|query)\\.(?:weight|bias)$");

  private final Golden golden;
  private final String prefix;
  private final Set<String> left = new TreeSet<>();

  private GoldenGradients(Golden golden, String prefix) {
    this.golden = golden;
    this.prefix = prefix;
    for (String name : golden.names()) {
      if (name.startsWith(prefix)) {
        left.add(name.substring(prefix.length()));
      }
    }
  }

  /**
   * The tensors whose names begin with {@code prefix}.
   *
   * @throws AssertionError if there are none
   */
  public static GoldenGradients of(Golden golden, String prefix) {
    var gradients = new GoldenGradients(golden, prefix);
    if (gradients.left.isEmpty()) {
      throw new AssertionError(prefix + "*: golden gradients expected, got none");
    }
    return gradients;
  }

  /** Whether there is one of this name. */
  public boolean has(String name) {
    return golden.has(prefix + name);
  }

  /** Asserts that one agrees, and reports how well. */
  public void assertClose(String name, Tensor actual) {
    float[] expected = golden.get(prefix + name).toFloats();
    double tolerance = Math.max(OF_ITS_OWN * largest(expected), rounding(name));
    golden.assertClose(prefix + name, "gradients", expected, actual.toFloats(), tolerance);
    left.remove(name);
  }

  /** What rounding may leave of a gradient of which little else is left; 0 for most. */
  private double rounding(String name) {
    Matcher scoring = SCORING.matcher(name);
    if (!scoring.find()) {
      return 0;
    }
    String values = scoring.replaceFirst(".value.weight");
    return OF_THE_VALUES * largest(golden.get(prefix + values).toFloats());
  }

  /** Asserts that each has been compared. */
  public void assertNoneLeft() {
    if (!left.isEmpty()) {
      throw new AssertionError("gradients expected to be compared, got none for " + left);
    }
  }

  private static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
