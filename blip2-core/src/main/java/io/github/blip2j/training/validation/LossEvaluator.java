package io.github.blip2j.training.validation;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.training.Batch;
import io.github.blip2j.training.BatchSource;
import io.github.blip2j.training.Losses;
import io.github.blip2j.training.Objective;
import io.github.blip2j.training.TrainingPosition;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The losses of an objective on other batches, without dropout: {@code loss}, then {@code
 * loss_NAME} of each part; means over the samples.
 *
 * <p>The batches are always those of the source's first epoch. State of the objective is put back
 * afterwards.
 *
 * @param <B> a batch
 */
public final class LossEvaluator<B extends Batch> implements Evaluator {
  private final Objective<B> objective;
  private final BatchSource<B> batches;

  private LossEvaluator(Objective<B> objective, BatchSource<B> batches) {
    this.objective = objective;
    this.batches = batches;
  }

  /** The losses on these batches. */
  public static <B extends Batch> LossEvaluator<B> of(
      Objective<B> objective, BatchSource<B> batches) {
    return new LossEvaluator<>(objective, batches);
  }

  @Override
  public Map<String, Double> evaluate(TrainingPosition position) throws IOException {
    try (Scope scope = Scope.open();
        var off = GradMode.noGrad();
        var state = new Kept(objective.state());
        Stream<B> stream = batches.open(0, 0)) {
      return means(stream.iterator());
    } catch (UncheckedIOException e) { // how streams report an IOException
      throw e.getCause();
    }
  }

  private Map<String, Double> means(Iterator<B> each) {
    Map<String, Double> sums = new LinkedHashMap<>();
    long samples = 0;
    for (boolean more = true; more; ) {
      try (Scope scope = Scope.open()) { // a batch is read in its scope
        more = each.hasNext();
        if (more) {
          B batch = each.next();
          int size = batch.ids().size();
          samples += size;
          losses(batch).forEach((name, loss) -> sums.merge(name, size * loss, Double::sum));
        }
      }
    }
    if (samples == 0) {
      throw new IllegalStateException(
          "validation: batches expected, got none; use smaller batches or more data");
    }
    long count = samples;
    sums.replaceAll((name, sum) -> sum / count);
    return sums;
  }

  private Map<String, Double> losses(B batch) {
    Losses losses = objective.losses(batch, ForwardPass.evaluation());
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("loss", losses.total().item());
    losses.parts().forEach((name, part) -> values.put("loss_" + name, part.item()));
    return values;
  }

  /** Tensors that get their present values back. */
  private static final class Kept implements AutoCloseable {
    private final Map<Tensor, Tensor> copies = new LinkedHashMap<>();

    Kept(Map<String, Tensor> state) {
      state.values().forEach(tensor -> copies.put(tensor, tensor.copy()));
    }

    @Override
    public void close() {
      copies.forEach(Tensor::copyInPlace);
    }
  }
}
