package io.github.blip2j.cli.match;

import com.google.gson.JsonObject;
import io.github.blip2j.blip2.features.Feature;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Count;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.cli.option.RunOptions;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.data.shard.ShardSet;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.pretraining.features.ImageList;
import io.github.blip2j.pretraining.features.PatchWriter;
import io.github.blip2j.pretraining.features.Tower;
import io.github.blip2j.pretraining.source.DataArgument;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Options of {@code embed --kind patches --data}, which writes features to train on. */
final class StoredFeatures {
  @Option(
      names = "--data",
      split = ",",
      paramLabel = "F",
      description =
          "With --kind patches: write what a frozen vision encoder sees of the images of these "
              + "records or shards, for train stage1 --features. --model may be any model with the "
              + "encoder, or the encoder alone.")
  List<String> data = new ArrayList<>();

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "With --data: the folder that paths of images are relative to.")
  @Nullable Path images;

  @Option(
      names = "--views",
      paramLabel = "N",
      description =
          "With --data: this many random crops of each image, as of train --augment, of which each "
              + "epoch draws one; by default the whole image.")
  @Nullable Integer views;

  @Option(names = "--seed", paramLabel = "N", description = "With --views: seed of the crops.")
  long seed = 42;

  @Option(
      names = "--image-size",
      paramLabel = "N",
      description = "With --data: height and width of images in pixels; the model's by default.")
  @Nullable Integer imageSize;

  @Option(
      names = "--store",
      paramLabel = "TYPE",
      converter = StoredType.class,
      description =
          "With --data: float32, for equal losses, or bfloat16, for half the space. Default: "
              + "float32.")
  DType type = DType.FLOAT32;

  StoredFeatures() {}

  /** Reads {@code --store}. */
  static final class StoredType implements ITypeConverter<DType> {
    StoredType() {}

    @Override
    public DType convert(String value) {
      return switch (value) {
        case "float32" -> DType.FLOAT32;
        case "bfloat16" -> DType.BFLOAT16;
        default ->
            throw new TypeConversionException("type expected float32 or bfloat16, got " + value);
      };
    }
  }

  /** Whether features to train on are asked for. */
  boolean areGiven() {
    return !data.isEmpty();
  }

  /** Writes the features. */
  void write(
      @Nullable ModelName model,
      Set<Feature> kinds,
      RunOptions run,
      Path out,
      Console console,
      Ranks ranks)
      throws IOException {
    PatchWriter writer = ranks.agreeIo(() -> checked(kinds, run));
    String names = String.join(",", data);
    Path encoder = ranks.agreeIo(() -> encoder(model, names));
    Path folder = images == null ? Path.of("") : images;
    try (var progress = Progress.on(console);
        Scope home = Scope.detached(run.backend())) {
      ImageList files =
          ranks.agreeIo(
              () ->
                  CaptionSet.parse(names, folder, CaptionSet.Faulty.REFUSE, ShardSet.DEFAULT_BUFFER)
                      .images());
      int count = files.names().size();
      progress.doing("loading the vision encoder");
      Tower tower = ranks.agreeIo(() -> tower(encoder, home));
      writer.write(
          out,
          tower,
          files,
          done -> progress.doing(String.format(Locale.ROOT, "%d of %d images", done, count)),
          ranks);
      progress.clear();
      if (ranks.isFirst()) {
        report(out, count, run, console);
      }
    }
  }

  private Path encoder(@Nullable ModelName model, String names) throws IOException {
    if (model == null || (images == null && !isOfShards(names))) {
      throw new UsageException(
          new IllegalArgumentException(
              "embed --data: --model and --images expected, got one of them"));
    }
    return model.path();
  }

  private Tower tower(Path path, Scope home) throws IOException {
    try {
      return Tower.load(path, imageSize, home);
    } catch (IllegalArgumentException e) { // an image size that the encoder's patches do not fill
      throw new UsageException(e);
    }
  }

  /** Whether no image lies in a folder. */
  private static boolean isOfShards(String names) {
    try {
      return DataArgument.parseAll(names).stream().allMatch(DataArgument::isShards);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private PatchWriter checked(Set<Feature> kinds, RunOptions run) {
    try {
      run.prepare();
      if (!kinds.equals(Set.of(Feature.PATCHES))) {
        throw new IllegalArgumentException(
            "embed --data: --kind patches expected, got " + (kinds.isEmpty() ? "none" : kinds));
      }
      PatchWriter writer = PatchWriter.whole().withType(type);
      return views == null ? writer : writer.withViews(views, seed);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private void report(Path out, int count, RunOptions run, Console console) throws IOException {
    if (run.json) {
      var document = new JsonObject();
      document.addProperty("file", out.toString());
      document.addProperty("images", count);
      document.addProperty("views", views == null ? 1 : views);
      document.addProperty("bytes", Files.size(out));
      JsonReport.print(console, document);
    } else {
      console.out().println(out + ": " + Count.of(count, "image"));
    }
  }
}
