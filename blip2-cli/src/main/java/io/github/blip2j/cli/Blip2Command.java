package io.github.blip2j.cli;

import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.ErrorReport;
import io.github.blip2j.cli.console.FirstNames;
import io.github.blip2j.cli.console.RankedRun;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.evaluation.CaptionEvaluationCommand;
import io.github.blip2j.cli.evaluation.ClassificationCommand;
import io.github.blip2j.cli.evaluation.EvaluateCommand;
import io.github.blip2j.cli.evaluation.RetrievalCommand;
import io.github.blip2j.cli.evaluation.VqaEvaluationCommand;
import io.github.blip2j.cli.machine.BenchCommand;
import io.github.blip2j.cli.machine.DoctorCommand;
import io.github.blip2j.cli.match.EmbedCommand;
import io.github.blip2j.cli.match.MatchCommand;
import io.github.blip2j.cli.mcp.McpCommand;
import io.github.blip2j.cli.model.ConvertCommand;
import io.github.blip2j.cli.model.CreateCommand;
import io.github.blip2j.cli.model.DownloadCommand;
import io.github.blip2j.cli.model.ImportCommand;
import io.github.blip2j.cli.model.InspectCommand;
import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.cli.runfile.RunFile;
import io.github.blip2j.cli.search.IndexCommand;
import io.github.blip2j.cli.search.SearchCommand;
import io.github.blip2j.cli.serve.ServeCommand;
import io.github.blip2j.cli.text.CaptionCommand;
import io.github.blip2j.cli.text.RankCommand;
import io.github.blip2j.cli.text.VqaCommand;
import io.github.blip2j.cli.training.LanguageCommand;
import io.github.blip2j.cli.training.StageOneCommand;
import io.github.blip2j.cli.training.StageTwoCommand;
import io.github.blip2j.cli.training.TrainCommand;
import io.github.blip2j.cli.training.VisionCommand;
import io.github.blip2j.io.hub.HubCache;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The parent of all commands. */
@Command(
    name = "blip2",
    description = "Describes images, answers questions about them and finds them with BLIP-2.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    subcommandsRepeatable = false,
    footer = {
      "",
      "Exit codes: 0 done, 1 the work failed, 2 wrong usage.",
      "Variables: JAVA_HOME the Java to run on, BLIP2_JAVA_OPTS options for it, as in -Xmx8g, "
          + "BLIP2_CLASSPATH jars of model families of your own, separated as on a class path, "
          + "BLIP2_API_KEY the key of serve."
    })
final class Blip2Command {
  /** The commands that several processes of mpirun may run; the others would do the same twice. */
  private static final Pattern OF_RANKS =
      Pattern.compile("blip2( (caption|vqa|embed|(train|evaluate)( .*)?|doctor|inspect))?");

  private Blip2Command() {}

  /** Runs one command line and returns its exit code. */
  static int run(Console console, String... args) {
    CommandLine command = of(console);
    String[] given = helped(args);
    try {
      RunFile.apply(command, given, console::note);
      return command.execute(given);
    } catch (IOException e) {
      console.complain(ErrorReport.describe(e));
      return CommandLine.ExitCode.SOFTWARE;
    } catch (IllegalArgumentException e) {
      console.complain(ErrorReport.describe(e));
      return CommandLine.ExitCode.USAGE;
    } catch (OutOfMemoryError | StackOverflowError | LinkageError e) {
      return failed(console, e, command.getParseResult());
    } finally {
      console.out().flush();
      console.help().flush();
    }
  }

  /** All commands, which print on {@code console}. */
  static CommandLine of(Console console) {
    HubCache cache = HubCache.of(console.environment());
    return new CommandLine(new Blip2Command())
        .addSubcommand(new CaptionCommand(console))
        .addSubcommand(new VqaCommand(console))
        .addSubcommand(new RankCommand(console))
        .addSubcommand(new MatchCommand(console))
        .addSubcommand(new EmbedCommand(console))
        .addSubcommand(new IndexCommand(console, cache))
        .addSubcommand(new SearchCommand(console, cache))
        .addSubcommand(new ServeCommand(console, cache))
        .addSubcommand(new McpCommand(console, cache))
        .addSubcommand(new DoctorCommand(console))
        .addSubcommand(new BenchCommand(console))
        .addSubcommand(
            new CommandLine(new TrainCommand())
                .addSubcommand(new VisionCommand(console))
                .addSubcommand(new LanguageCommand(console))
                .addSubcommand(StageOneCommand.stageOne(console))
                .addSubcommand(StageTwoCommand.stageTwo(console))
                .addSubcommand(StageTwoCommand.caption(console))
                .addSubcommand(StageTwoCommand.vqa(console))
                .addSubcommand(StageOneCommand.retrieval(console)))
        .addSubcommand(
            new CommandLine(new EvaluateCommand())
                .addSubcommand(new CaptionEvaluationCommand(console))
                .addSubcommand(new VqaEvaluationCommand(console))
                .addSubcommand(new RetrievalCommand(console))
                .addSubcommand(new ClassificationCommand(console)))
        .addSubcommand(new InspectCommand(console))
        .addSubcommand(new CreateCommand(console))
        .addSubcommand(new ImportCommand(console))
        .addSubcommand(new ConvertCommand(console))
        .addSubcommand(new DownloadCommand(console))
        .registerConverter(ModelName.class, given -> new ModelName(given, cache))
        .setOut(console.help())
        .setErr(console.traces())
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler((e, args) -> wrongUsage(console, e, args))
        .setExecutionStrategy(parsed -> execute(console, parsed))
        .setExecutionExceptionHandler((e, cmd, parsed) -> failed(console, e, parsed));
  }

  /** {@code help COMMAND} is {@code COMMAND --help}. */
  private static String[] helped(String... args) {
    if (args.length == 0 || !args[0].equals("help")) {
      return args;
    }
    String[] rest = Arrays.copyOfRange(args, 1, args.length + 1);
    rest[args.length - 1] = "--help";
    return rest;
  }

  /** Runs a command whose options are all known. */
  private static int execute(Console console, ParseResult parsed) {
    ParseResult last = last(parsed);
    Optional<String> unknown = UnknownOptions.in(last.commandSpec(), parsed.expandedArgs());
    if (unknown.isPresent()) {
      throw new ParameterException(last.commandSpec().commandLine(), unknown.get());
    }
    String name = last.commandSpec().qualifiedName();
    if (!OF_RANKS.matcher(name).matches() && RankedRun.isOneOfSeveral(console, name)) {
      return CommandLine.ExitCode.USAGE;
    }
    return new CommandLine.RunLast().execute(parsed);
  }

  private static ParseResult last(ParseResult parsed) {
    ParseResult last = parsed;
    while (last.hasSubcommand()) {
      last = last.subcommand();
    }
    return last;
  }

  private static int wrongUsage(Console console, ParameterException e, String... args) {
    String message = String.valueOf(e.getMessage());
    if (e instanceof CommandLine.MissingParameterException missing) {
      message =
          UnknownOptions.in(e.getCommandLine().getCommandSpec(), List.of(args))
              .orElse(message + UnknownOptions.hint(missing));
    }
    message = FirstNames.in(e.getCommandLine().getCommandSpec(), message);
    String start = message.substring(0, 1).toLowerCase(Locale.ROOT);
    String help = e.getCommandLine().getCommandSpec().qualifiedName() + " --help";
    console.complain(start + message.substring(1) + "; see " + help);
    return CommandLine.ExitCode.USAGE;
  }

  private static int failed(Console console, Throwable e, @Nullable ParseResult parsed) {
    console.complain(ErrorReport.describe(e));
    if (parsed != null && last(parsed).hasMatchedOption("--debug")) {
      e.printStackTrace(console.traces());
      console.traces().flush();
    }
    return e instanceof UsageException ? CommandLine.ExitCode.USAGE : CommandLine.ExitCode.SOFTWARE;
  }
}
