package io.github.blip2j.cli.runfile;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that name a run file; {@link RunFile#apply} reads them before all others. */
public final class RunFileOptions {
  /** The option of the file. */
  static final String CONFIG = "--config";

  /** The option of a single value. */
  static final String SET = "--set";

  @Option(
      names = CONFIG,
      paramLabel = "FILE",
      description =
          "YAML or JSON with the options of the run, such as optim.lr, data.images or run.out, or "
              + "with LAVIS's keys, such as run.init_lr. Options here win.")
  @Nullable
  public Path config;

  @Option(
      names = SET,
      paramLabel = "KEY=VALUE",
      description = "A value in place of the run file's; may be repeated.")
  public List<String> values = new ArrayList<>();

  /** Options that were not given. */
  public RunFileOptions() {}
}
