package io.github.blip2j.cli;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.io.SafetensorsWriter;
import io.github.blip2j.io.TensorSpec;
import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Shape;
import io.github.blip2j.vision.RgbImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blip2 embed}. */
@Command(
    name = "embed",
    description = {
      "Writes images and texts as vectors of one space to a safetensors file: image_embeds",
      "[images, queries, width] and text_embeds [texts, width], all of length 1. An image is as",
      "like a text as the best of its queries: their largest product is the itc of blip2 match."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
final class EmbedCommand implements Callable<Integer> {
  private final Console console;
  private final Timings timings = new Timings("load", "preprocess", "embed");

  @Parameters(
      arity = "0..*",
      paramLabel = "IMAGE",
      description = "JPEG, PNG, GIF or BMP files before the options; - for standard input.")
  private List<String> images = new ArrayList<>();

  @Option(
      names = "--text",
      arity = "1..*",
      paramLabel = "T",
      description = "Texts, each one word for the shell.")
  private List<String> texts = new ArrayList<>();

  @Option(names = "--out", required = true, paramLabel = "FILE", description = "Where to write.")
  private Path out = Path.of("");

  @Mixin private MatcherOptions options = new MatcherOptions();

  EmbedCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    try {
      requireAgreement();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    Map<String, List<float[]>> rows = new LinkedHashMap<>();
    int queries = 1;
    try (var progress = Progress.on(console)) {
      progress.doing("loading " + options.modelName());
      try (ImageTextMatcher matcher = timings.time("load", options::load)) {
        var pictures = new Pictures(console, options.exif);
        for (String image : images) {
          progress.doing(image);
          RgbImage picture = timings.time("preprocess", () -> pictures.read(image));
          float[][] vectors = timings.time("embed", () -> matcher.embed(picture));
          queries = vectors.length;
          rows.computeIfAbsent("image_embeds", name -> new ArrayList<>()).addAll(List.of(vectors));
        }
        progress.doing("texts");
        for (String text : texts) {
          float[] vector = timings.time("embed", () -> matcher.embed(text));
          rows.computeIfAbsent("text_embeds", name -> new ArrayList<>()).add(vector);
        }
      }
    }
    report(write(rows, queries));
    return ExitCode.OK;
  }

  private void requireAgreement() {
    options.prepare();
    Pictures.requireReadable(images);
    if (images.isEmpty() && texts.isEmpty()) {
      throw new IllegalArgumentException("embed: images or --text expected, got neither");
    }
  }

  private List<TensorSpec> write(Map<String, List<float[]>> rows, int queries) throws IOException {
    List<TensorSpec> specs = new ArrayList<>();
    rows.forEach(
        (name, vectors) -> {
          long width = vectors.get(0).length;
          Shape shape =
              name.equals("image_embeds")
                  ? Shape.of(vectors.size() / queries, queries, width)
                  : Shape.of(vectors.size(), width);
          specs.add(new TensorSpec(name, DType.FLOAT32, shape));
        });
    Map<String, String> metadata = new TreeMap<>(SafetensorsWriter.PYTORCH_METADATA);
    metadata.put("images", new Gson().toJson(images));
    metadata.put("texts", new Gson().toJson(texts));
    try (var writer = SafetensorsWriter.create(out, specs, metadata)) {
      for (Map.Entry<String, List<float[]>> each : rows.entrySet()) {
        for (float[] vector : each.getValue()) {
          var bytes =
              ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
          bytes.asFloatBuffer().put(vector);
          writer.write(each.getKey(), bytes);
        }
      }
    }
    return specs;
  }

  private void report(List<TensorSpec> specs) {
    if (!options.run.json) {
      specs.forEach(spec -> console.out().println(out + ": " + spec.name() + " " + spec.shape()));
      return;
    }
    var tensors = new JsonArray();
    for (TensorSpec spec : specs) {
      var shape = new JsonArray();
      for (long length : spec.shape().toArray()) {
        shape.add(length);
      }
      var tensor = new JsonObject();
      tensor.addProperty("name", spec.name());
      tensor.add("shape", shape);
      tensors.add(tensor);
    }
    var document = new JsonObject();
    document.addProperty("model", options.modelName());
    document.addProperty("file", out.toString());
    document.add("tensors", tensors);
    document.add("images", new Gson().toJsonTree(images));
    document.add("texts", new Gson().toJsonTree(texts));
    document.add("timing_ms", new Gson().toJsonTree(timings.milliseconds()));
    JsonReport.print(console, document);
  }
}
