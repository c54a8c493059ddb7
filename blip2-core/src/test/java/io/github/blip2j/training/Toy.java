package io.github.blip2j.training;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.nn.Dropout;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Linear;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Two linear maps that learn a function of three numbers, and everything to train them with. */
final class Toy implements AutoCloseable {
  /** Samples of consecutive numbers. */
  record ToyBatch(int first, int size) implements Batch {
    @Override
    public List<String> ids() {
      return IntStream.range(first, first + size).mapToObj(i -> "s" + i).toList();
    }

    Tensor inputs() {
      float[] x = new float[3 * size];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) Math.sin((first + i / 3 + 1) * (i % 3 + 1.3));
      }
      return Tensor.of(x, size, 3);
    }

    Tensor targets() {
      float[] x = inputs().toFloats();
      float[] y = new float[size];
      for (int i = 0; i < size; i++) {
        y[i] = x[3 * i] * x[3 * i + 1] - 0.5f * x[3 * i + 2];
      }
      return Tensor.of(y, size, 1);
    }
  }

  static final AdamWRule RULE = AdamWRule.DEFAULT;

  private final Scope home = Scope.detached();
  private final Linear first;
  private final Linear second;
  private final Dropout dropout;
  final Params params;
  final AdamW optimizer;

  Toy(long seed, double dropout) {
    this(seed, dropout, Precision.FLOAT32);
  }

  Toy(long seed, double dropout, Precision factors) {
    this.params = Params.root(Weights.random(new SplittableRandom(seed)), home);
    this.first = new Linear(3, 8, params.at("first"));
    this.second = new Linear(8, 1, params.at("second"));
    this.dropout = new Dropout(dropout);
    new Linear(2, 2, params.at("frozen"));
    params.all().values().stream()
        .filter(parameter -> !parameter.name().startsWith("frozen"))
        .forEach(
            parameter -> {
              parameter.computeIn(factors);
              parameter.train();
            });
    this.optimizer = new AdamW(ParameterGroup.of(params.all().values(), 0.05), RULE);
  }

  Losses losses(ToyBatch batch, ForwardPass pass) {
    Tensor hidden = first.forward(batch.inputs(), Activation.GELU);
    Tensor difference = second.forward(dropout.forward(hidden, pass)).sub(batch.targets());
    Tensor loss = difference.mul(difference).mean();
    return Losses.of(loss.mul(2)).with("error", loss);
  }

  /** Two epochs with a line of the log and a checkpoint after each second update. */
  static TrainingSettings shortRun(Path output) {
    return TrainingSettings.of(output, Schedule.Constant.of(0.02))
        .withEpochs(2)
        .withLogEvery(2)
        .withCheckpointEvery(2)
        .withKeep(1);
  }

  /** A run over three batches of four samples in each epoch. */
  Trainer<ToyBatch> trainer(TrainingSettings settings) {
    return new Trainer<>(this::losses, source(3, 4), optimizer, settings);
  }

  /** So many batches of four samples in each epoch, in an order that the epoch decides. */
  static BatchSource<ToyBatch> source(int batches, int size) {
    return (epoch, from) ->
        LongStream.range(from, batches)
            .mapToObj(i -> new ToyBatch((int) ((i + epoch) % batches) * size, size));
  }

  /** A log without what differs from run to run: time and memory. */
  static String log(Path run) throws IOException {
    return Files.readString(run.resolve(TrainingLog.NAME))
        .replaceAll("\"(samples_per_s|time_s|data_s|data_share|memory_mib)\":[^,}]*,?", "")
        .replace(",}", "}");
  }

  /** All weights, one after another. */
  float[] weights() {
    var all = optimizer.parameters().stream().map(p -> p.value().toFloats()).toList();
    float[] joined = new float[all.stream().mapToInt(values -> values.length).sum()];
    int at = 0;
    for (float[] values : all) {
      System.arraycopy(values, 0, joined, at, values.length);
      at += values.length;
    }
    return joined;
  }

  @Override
  public void close() {
    optimizer.close();
    home.close();
  }
}
