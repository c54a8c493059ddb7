package io.github.blip2j.training;

import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.nn.Parameter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The check that all ranks are about to train the same model on the same data. */
final class EqualRanks {
  private EqualRanks() {}

  /**
   * Compares what the ranks have, before their first update.
   *
   * @throws IllegalArgumentException on all ranks, naming the first that has something else
   */
  static void require(Ranks ranks, Trainer.Parts<?> parts, TrainingPosition at) {
    if (ranks.areAlone()) {
      return;
    }
    of(parts, at).forEach((what, own) -> require(ranks, what, own));
  }

  private static void require(Ranks ranks, String what, String own) {
    List<String> all = ranks.gather(own);
    for (int rank = 1; rank < all.size(); rank++) {
      if (!all.get(rank).equals(all.get(0))) {
        ranks.failTogether();
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "ranks: %s expected equal on all, got on rank 0 %s, and on rank %d %s; start all"
                    + " with the same files and options",
                what,
                all.get(0),
                rank,
                all.get(rank)));
      }
    }
  }

  private static Map<String, String> of(Trainer.Parts<?> parts, TrainingPosition at) {
    TrainStep<?> update = parts.update();
    Map<String, String> all = new LinkedHashMap<>();
    all.put("position", at.toString());
    all.put("settings", text(parts.settings()));
    all.put("sizes of the data", new TreeMap<>(parts.source().sizes()).toString());
    all.put("data", parts.source().fingerprint());
    all.put("settings of the objective", new TreeMap<>(update.objective().settings()).toString());
    all.put("constants of the objective", new TreeMap<>(update.objective().constants()).toString());
    List<Parameter> parameters = update.optimizer().parameters();
    all.put("optimizer", update.optimizer().name());
    all.put("sharing of the optimizer's state", text(update.optimizer().sharesState()));
    all.put("precision of gradient sums", update.exchange().precision().toString());
    all.put("overlap of gradient sums", text(update.exchange().overlapping()));
    all.put("number of trained parameters", Integer.toString(parameters.size()));
    double norm = 0;
    int names = 0;
    for (Parameter parameter : parameters) {
      norm += parameter.value().squaredNorm();
      names = 31 * names + (parameter.name() + parameter.value().shape()).hashCode();
    }
    all.put("names and shapes of parameters", Integer.toHexString(names));
    all.put("squared norm of the weights", Double.toString(norm));
    return all;
  }

  private static String text(boolean on) {
    return on ? "on" : "off";
  }

  /** All settings but the folder, which may be another path to the same one. */
  private static String text(TrainingSettings settings) {
    return String.format(
        Locale.ROOT,
        "epochs=%d, max steps=%d, accumulate=%d, clip=%s, seed=%d, dtype=%s, %s",
        settings.epochs(),
        settings.maxSteps(),
        settings.accumulate(),
        settings.clipNorm(),
        settings.seed(),
        settings.precision(),
        CheckpointHeader.text(settings.schedule()));
  }
}
