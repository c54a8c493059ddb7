package io.github.blip2j.cli.training;

import io.github.blip2j.cli.option.ExportName;
import io.github.blip2j.cli.option.RunOptions;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
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
}
