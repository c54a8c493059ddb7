package io.github.blip2j.cli.model;

import com.google.gson.JsonObject;
import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.blip2.checkpoint.LoraMerge;
import io.github.blip2j.blip2.checkpoint.WeightTypes;
import io.github.blip2j.blip2.checkpoint.files.AttentionHeads;
import io.github.blip2j.blip2.checkpoint.lavis.KeyBias;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Count;
import io.github.blip2j.cli.console.LogSettings;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.cli.option.PartsOptions;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.tensor.types.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code blip2 convert}: checkpoints of LAVIS to Hugging Face folders and back. */
@Command(
    name = "convert",
    description = {
      "Converts a checkpoint of LAVIS (.pth) to a Hugging Face folder, or back, byte for byte.",
      "Or merges a LoRA adapter into a model.",
      "Or writes a Hugging Face folder with its weights in another type.",
      "The JSON document holds the paths of input and output and the number of tensors."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class ConvertCommand implements Callable<Integer> {
  private final Console console;

  /** The format of the checkpoint that is read. */
  enum From {
    LAVIS,
    HF;

    /** Reads the option. */
    static final class Converter implements ITypeConverter<From> {
      Converter() {}

      @Override
      public From convert(String value) {
        return switch (value) {
          case "lavis" -> LAVIS;
          case "hf" -> HF;
          default -> throw new TypeConversionException("kind expected lavis or hf, got " + value);
        };
      }
    }
  }

  /** Reads the type of the weights. */
  static final class StoredType implements ITypeConverter<DType> {
    StoredType() {}

    @Override
    public DType convert(String value) {
      return switch (value) {
        case "float32" -> DType.FLOAT32;
        case "float16" -> DType.FLOAT16;
        case "bfloat16" -> DType.BFLOAT16;
        case "int8" -> DType.INT8;
        default ->
            throw new TypeConversionException(
                "type expected float32, float16, bfloat16 or int8, got " + value);
      };
    }
  }

  @Option(
      names = "--from",
      paramLabel = "KIND",
      converter = From.Converter.class,
      description = "lavis or hf: the format of IN; OUT gets the other.")
  private @Nullable From from;

  @Option(
      names = "--merge-lora",
      paramLabel = "DIR",
      description =
          "Instead of --from: merge the LoRA adapter in DIR into the Hugging Face folder IN, and "
              + "write the whole model to the folder OUT.")
  private @Nullable Path lora;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      converter = StoredType.class,
      description =
          "Instead of --from: write the Hugging Face folder IN to the folder OUT with weights of"
              + " float32, float16, bfloat16, or int8 (matrices in bytes with a scale for each row,"
              + " a quarter of float32).")
  private @Nullable DType type;

  @Parameters(
      index = "0",
      paramLabel = "IN",
      description = "A .pth file, a folder, or the id of a downloaded model.")
  private @Nullable ModelName in;

  @Parameters(index = "1", paramLabel = "OUT", description = "A folder, or a .pth file.")
  private Path out = Path.of("");

  @Option(
      names = "--keep-key-bias",
      description = "From hf: keep key biases that are not zero, which LAVIS ignores.")
  private boolean keepKeyBias;

  @Option(
      names = "--heads-vision",
      paramLabel = "N",
      description =
          "From lavis: attention heads of the vision encoder, if not 88 wide as in the released "
              + "ones.")
  private @Nullable Integer visionHeads;

  @Option(
      names = "--heads-qformer",
      paramLabel = "N",
      description =
          "From lavis: attention heads of the Q-Former, if not 64 wide as in the released ones.")
  private @Nullable Integer qformerHeads;

  @Mixin private PartsOptions parts = new PartsOptions();

  @Option(
      names = "--trained",
      description =
          "From hf: write only the parameters that the second stage trains, as LAVIS's runs do.")
  private boolean trained;

  @Option(names = "--json", description = "Print one JSON document.")
  private boolean json;

  @Option(names = "--debug", description = "Log more, and print stack traces of errors.")
  private boolean debug;

  public ConvertCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (debug) {
      LogSettings.debug();
    }
    @Nullable AttentionHeads heads = heads();
    try (var progress = Progress.on(console)) {
      progress.doing("converting " + in);
      Path read = in();
      if (lora != null) {
        LoraMerge.merge(read, lora, out);
      } else if (type != null) {
        WeightTypes.convert(read, type, out);
      } else if (from == From.HF) {
        toLavis(read);
      } else if (parts.areGiven()) {
        Conversion.toHuggingFace(parts.of(read), out);
      } else if (heads == null) {
        Conversion.toHuggingFace(read, out);
      } else {
        Conversion.toHuggingFace(read, out, heads);
      }
    }
    report();
    return ExitCode.OK;
  }

  private void toLavis(Path read) throws IOException {
    if (trained) {
      Conversion.toLavisTrained(read, out);
    } else {
      var keyBias = keepKeyBias ? KeyBias.KEEP : KeyBias.REFUSE;
      try {
        Conversion.toLavis(read, out, keyBias);
      } catch (CheckpointException e) {
        String said = String.valueOf(e.getMessage());
        var exception =
            new CheckpointException(
                said.replace("KeyBias.KEEP keeps it", "--keep-key-bias keeps it"));
        exception.initCause(e);
        throw exception;
      }
    }
  }

  private Path in() throws IOException {
    if (in == null) {
      throw new AssertionError("a command without IN is refused");
    }
    return in.path();
  }

  private @Nullable AttentionHeads heads() {
    try {
      requireAgreement();
      return visionHeads == null || qformerHeads == null
          ? null
          : new AttentionHeads(visionHeads, qformerHeads);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private void requireAgreement() {
    int kinds = (from == null ? 0 : 1) + (lora == null ? 0 : 1) + (type == null ? 0 : 1);
    if (kinds != 1) {
      throw new IllegalArgumentException(
          "convert: --from, --merge-lora or --dtype expected, got "
              + (kinds == 0 ? "none of them" : "more than one"));
    }
    if (from != From.HF && namesFile(out)) {
      throw new IllegalArgumentException(
          "convert: OUT expected a folder, got " + out + ", the name of a file; name a folder");
    }
    boolean heads = visionHeads != null || qformerHeads != null;
    if (from == null && (trained || keepKeyBias || heads || parts.areGiven())) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "convert: %s expected alone, got options of --from; convert afterwards",
              lora != null ? "--merge-lora" : "--dtype"));
    }
    if ((visionHeads == null) != (qformerHeads == null)) {
      throw new IllegalArgumentException(
          "convert: --heads-vision and --heads-qformer expected together, got one of them");
    }
    if (from == From.HF && visionHeads != null) {
      throw new IllegalArgumentException(
          "convert: heads expected with --from lavis only, got them for a folder whose "
              + "config.json has them");
    }
    parts.requireAgreement(true);
    if (from == From.HF && parts.areGiven()) {
      throw new IllegalArgumentException(
          "convert: --language expected with --from lavis only, got it for a complete folder");
    }
    if (from == From.LAVIS && trained) {
      throw new IllegalArgumentException(
          "convert: --trained expected with --from hf only, got it for LAVIS's");
    }
    if (parts.areGiven() && visionHeads != null) {
      throw new IllegalArgumentException(
          "convert: heads expected in a model.json beside each part, got them as options");
    }
    if (from == From.LAVIS && keepKeyBias) {
      throw new IllegalArgumentException(
          "convert: --keep-key-bias expected with --from hf only, got it for LAVIS's");
    }
  }

  private static boolean namesFile(Path out) {
    String name = String.valueOf(out.getFileName());
    return Stream.of(".pth", ".pt", ".bin", ".safetensors").anyMatch(name::endsWith)
        && !Files.isDirectory(out);
  }

  private void report() throws IOException {
    int tensors;
    try (Checkpoint written = Checkpoint.open(out)) {
      tensors = written.tensors().size();
    }
    if (json) {
      var document = new JsonObject();
      document.addProperty("in", String.valueOf(in));
      document.addProperty("out", out.toString());
      document.addProperty("tensors", tensors);
      JsonReport.print(console, document);
    } else {
      console.out().println(out + ": " + Count.of(tensors, "tensor"));
    }
  }
}
