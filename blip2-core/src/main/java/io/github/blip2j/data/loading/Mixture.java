package io.github.blip2j.data.loading;

import io.github.blip2j.training.StepRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One set, or several that are mixed by weights.
 *
 * <p>An epoch has as many samples as the sets together. Of these a set gets its share of the
 * weights, rounded; without weights, each sample comes once. The samples of the sets come in a
 * random order. A set that has been used up starts over with its next epoch, in another order, and
 * goes on where it was in the next epoch of the mixture: so every sample of a set comes equally
 * often, whatever its weight.
 *
 * <p>All depends on seed and epoch alone, so any place can be reached without what comes before.
 */
public final class Mixture {
  private static final long OF_MIXTURE = 0x4D6978L; // separates mixtures from orders
  private static final long OF_SET = 0x9E3779B97F4A7C15L;

  private final List<SampleSet> sets;
  private final int size;
  private final int[] draws;

  private Mixture(List<SampleSet> sets, int size, int[] draws) {
    this.sets = List.copyOf(sets);
    this.size = size;
    this.draws = draws.clone();
  }

  /**
   * Sets of which each sample comes once in an epoch.
   *
   * @throws IllegalArgumentException if there is no sample, or more than an array can number
   */
  public static Mixture of(List<? extends SampleSet> sets) {
    return new Mixture(
        new ArrayList<>(sets), total(sets), sets.stream().mapToInt(SampleSet::size).toArray());
  }

  /**
   * Sets in proportion to weights.
   *
   * @param weights one for each set
   * @throws IllegalArgumentException also if a weight is not positive and finite, or so small that
   *     no sample of its set would be used
   */
  public static Mixture of(List<? extends SampleSet> sets, List<Double> weights) {
    if (weights.size() != sets.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "data: weights expected for all of %d sets, got %d",
              sets.size(),
              weights.size()));
    }
    int total = total(sets);
    double sum = 0;
    for (double weight : weights) {
      if (!(weight > 0 && weight < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "data: weight expected positive and finite, got " + weight);
      }
      sum += weight;
    }
    int[] draws = new int[sets.size()];
    double shares = 0;
    int given = 0;
    for (int i = 0; i < draws.length; i++) { // rounded sums add up to the total
      shares += weights.get(i) / sum;
      int end = i == draws.length - 1 ? total : (int) Math.round(total * shares);
      draws[i] = end - given;
      given = end;
      if (draws[i] < 1) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "data: weight expected to give a set at least one of an epoch's %d samples, got %s"
                    + " of %s; leave the set out",
                total,
                weights.get(i),
                sum));
      }
    }
    return new Mixture(new ArrayList<>(sets), total, draws);
  }

  private static int total(List<? extends SampleSet> sets) {
    long total = sets.stream().mapToLong(SampleSet::size).sum();
    if (total < 1 || total > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "data: samples expected 1 to %d in all sets, got %d",
              Integer.MAX_VALUE - 8,
              total));
    }
    return (int) total;
  }

  /** The number of samples of an epoch. */
  public int size() {
    return size;
  }

  /** How many samples of a set an epoch has. */
  public int draws(int set) {
    return draws[set];
  }

  /**
   * A sample's place in its set.
   *
   * @param set number of the set
   * @param epoch how often the set was used up before
   * @param index number of the sample in the set
   * @param seed the set's own seed, for the sample's random choices
   */
  public record Sample(int set, int epoch, int index, long seed) {}

  /** The samples of an epoch, by their place. */
  public final class Epoch {
    private final long seed;
    private final int epoch;
    private final int @Nullable [] chosen; // the set of each place, if there are several
    private final int[] indices;
    private final int @Nullable [] epochs;

    private Epoch(long seed, int epoch) {
      this.seed = seed;
      this.epoch = epoch;
      if (sets.size() == 1) {
        this.chosen = null;
        this.epochs = null;
        this.indices = sets.get(0).order(seed, epoch);
        return;
      }
      int[] places = chosen(seed, epoch);
      this.chosen = places;
      this.indices = new int[size];
      this.epochs = new int[size];
      for (int set = 0; set < sets.size(); set++) {
        fill(set, places, epochs);
      }
    }

    private void fill(int set, int[] places, int[] into) {
      int own = sets.get(set).size();
      long at = (long) epoch * draws[set];
      int[] order = {};
      long of = -1;
      for (int i = 0; i < places.length; i++) {
        if (places[i] == set) {
          if (at / own != of) {
            of = at / own;
            order = sets.get(set).order(seedOf(seed, set), (int) of);
          }
          indices[i] = order[(int) (at % own)];
          into[i] = (int) of;
          at++;
        }
      }
    }

    /** The sample at a place, 0 to {@code size() - 1}. */
    public Sample at(int place) {
      int set = chosen == null ? 0 : chosen[place];
      int own = epochs == null ? epoch : epochs[place];
      return new Sample(set, own, indices[place], seedOf(seed, set));
    }
  }

  /** The order of an epoch. */
  public Epoch epoch(long seed, int epoch) {
    return new Epoch(seed, epoch);
  }

  private int[] chosen(long seed, int epoch) {
    int[] places = new int[size];
    int end = 0;
    for (int set = 0; set < draws.length; set++) {
      Arrays.fill(places, end, end + draws[set], set);
      end += draws[set];
    }
    RandomGenerator random = StepRandom.ofEpoch(seed ^ OF_MIXTURE, epoch);
    for (int i = size - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int kept = places[i];
      places[i] = places[j];
      places[j] = kept;
    }
    return places;
  }

  /** The seed of a set; the first has that of the mixture, as if it were alone. */
  private static long seedOf(long seed, int set) {
    return seed + set * OF_SET;
  }
}
