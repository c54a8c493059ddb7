package io.github.blip2j.cli.training;

import io.github.blip2j.adapter.LoraSettings;
import io.github.blip2j.pretraining.Tuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The LoRA that a stage trains. */
final class LoraOptions {
  /** The option whose adapter is a model that a run starts from. */
  static final String FROM = "--lora-from";

  @Option(
      names = "--lora",
      paramLabel = "SETTINGS",
      description =
          "Train a LoRA, in peft's words: r=8,alpha=16,targets=q_proj,v_proj, or query,value of "
              + "the Q-Former; also dropout=F, rslora=true, or pattern=REGEX of whole names of "
              + "modules in transformers.")
  @Nullable String lora;

  @Option(
      names = FROM,
      paramLabel = "DIR",
      description = "Instead of --lora: the folder of an adapter of peft, trained further.")
  @Nullable Path from;

  LoraOptions() {}

  /** Checks combinations of options. */
  void requireAgreement(String command) {
    if (lora != null && from != null) {
      throw new IllegalArgumentException(
          command + ": --lora or --lora-from expected, got both; the adapter has its settings");
    }
    if (lora != null) {
      LoraText.read(lora);
    }
  }

  /** The models' paths and the adapter's. */
  List<Path> inputs(List<Path> models) {
    return from == null ? models : Stream.concat(models.stream(), Stream.of(from)).toList();
  }

  /** The choice of parameters, with this LoRA if there is one. */
  Tuning in(Tuning tuning, long seed) throws IOException {
    if (from != null) {
      return tuning.withLora(LoraSettings.of(from));
    }
    return lora == null ? tuning : tuning.withLora(LoraText.read(lora).withSeed(seed));
  }
}
