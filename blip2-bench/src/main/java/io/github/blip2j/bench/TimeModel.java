package io.github.blip2j.bench;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.Blip2Opt;
import io.github.blip2j.blip2.ImageFeatures;
import io.github.blip2j.generation.Decoding;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Times the stages of a caption on a model folder: one JSON line for each figure, medians in
 * milliseconds, then the peak of resident memory.
 *
 * <pre>{@code
 * java ... io.github.blip2j.bench.TimeModel FOLDER [float32|bfloat16]
 * }</pre>
 */
public final class TimeModel {
  private static final int FEW_TOKENS = 2;
  private static final int MANY_TOKENS = 18;

  private TimeModel() {}

  /** Prints the figures. */
  public static void main(String[] args) throws IOException {
    if (args.length == 0) {
      throw new IllegalArgumentException(
          "TimeModel: arguments expected FOLDER [float32|bfloat16], got 0");
    }
    Path folder = Path.of(args[0]);
    DType type = args.length > 1 && args[1].equals("bfloat16") ? DType.BFLOAT16 : DType.FLOAT32;
    long start = System.nanoTime();
    try (var blip2 = Blip2.load(folder, type)) {
      print("load", millis(start));
      vision(blip2.model());
      decoding(blip2);
    }
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM") || line.startsWith("VmRSS")) {
        System.out.println(line);
      }
    }
  }

  private static void vision(Blip2Opt model) {
    int side = model.config().vision().imageSize();
    Pass pass = Pass.evaluation();
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Tensor pixels = Tensor.full(DType.FLOAT32, 0.5, 1, 3, side, side);
      print("vision_b1", median(3, () -> model.encodeImage(pixels, pass)));
      Tensor image = model.encodeImage(pixels, pass);
      print("qformer_b1", median(5, () -> model.encodeQueries(image, pass)));
    }
  }

  private static void decoding(Blip2 blip2) {
    int side = blip2.model().config().vision().imageSize();
    RgbImage gray = RgbImage.of(side, side, new byte[3 * side * side]);
    try (ImageFeatures features = blip2.encode(List.of(gray))) {
      for (int beams : new int[] {1, 5}) {
        double few = median(3, () -> tokens(blip2, features, beams, FEW_TOKENS));
        double many = median(3, () -> tokens(blip2, features, beams, MANY_TOKENS));
        print("prefill_and_2_tokens_beams" + beams, few);
        print("per_token_beams" + beams, (many - few) / (MANY_TOKENS - FEW_TOKENS));
      }
    }
  }

  private static void tokens(Blip2 blip2, ImageFeatures features, int beams, int count) {
    Decoding decoding = Decoding.beams(beams).maxNewTokens(count).minNewTokens(count);
    blip2.generate(features, List.of(""), decoding);
  }

  private static double median(int runs, Runnable work) {
    double[] times = new double[runs];
    for (int i = -1; i < runs; i++) { // the first run warms up
      long start = System.nanoTime();
      try (var scope = Scope.open()) {
        work.run();
      }
      if (i >= 0) {
        times[i] = millis(start);
      }
    }
    Arrays.sort(times);
    return times[runs / 2];
  }

  private static double millis(long start) {
    return (System.nanoTime() - start) / 1e6;
  }

  private static void print(String figure, double ms) {
    System.out.printf(Locale.ROOT, "{\"figure\": \"%s\", \"ms\": %.2f}%n", figure, ms);
  }
}
