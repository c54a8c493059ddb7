package io.github.blip2j.cli.training;

import io.github.blip2j.cli.option.ExportName;
import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.cli.option.RunOptions;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The output of a training run, and the options of every command. */
final class TrainingRunOptions {
  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder for the log and the checkpoints.")
  Path out = Path.of("");

  @Option(names = "--resume", description = "Resume from the last checkpoint in --out.")
  boolean resume;

  @Option(
      names = "--export",
      split = ",",
      paramLabel = "KIND",
      converter = ExportName.Converter.class,
      description =
          "At the end write the model to a folder of this name in --out: hf, lavis-trained (a "
              + ".pth of the trained parameters, as LAVIS saves), blip2j, in stage1 lavis (a .pth "
              + "with the vision encoder too), or peft (the adapter of --lora).")
  Set<ExportName> exports = new LinkedHashSet<>();

  @Mixin RunOptions run = new RunOptions();

  TrainingRunOptions() {}

  /**
   * Checks that the base of an exported adapter is stored somewhere: parts have parameters that are
   * drawn, which no file holds.
   *
   * @param model the whole model that the run starts from, or null if it starts from parts
   */
  void requireBase(@Nullable ModelName model) {
    if (model == null && exports.contains(ExportName.PEFT)) {
      throw new IllegalArgumentException(
          "--export peft expected with --model, whose adapter it is, got it with parts; train"
              + " them first and export the whole (--export hf), or leave out --export peft");
    }
  }
}
