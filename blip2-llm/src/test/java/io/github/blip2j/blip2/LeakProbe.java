package io.github.blip2j.blip2;

import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** A process that writes captions and measures itself, for {@link Blip2LeakTest}. */
final class LeakProbe {
  private static final int WARM_UP = 20;
  private static final int WINDOW = 40;
  private static final int READINGS = 4;
  private static final List<String> PROMPTS =
      List.of("", "a photo of", "Question: what color is the star? Answer:", "a red", "the the");

  private LeakProbe() {}

  /** Arguments: the case, the rounds, and the file for the findings. */
  public static void main(String[] args) throws IOException {
    int rounds = Integer.parseInt(args[1]);
    try (var blip2 = Blip2.load(Fixture.HF_OPT)) {
      List<Image> images = Fixture.images();
      boolean beams = args[0].equals("beams");
      GenerationConfig decoding =
          beams
              ? GenerationConfig.beams(5).maxNewTokens(4)
              : GenerationConfig.greedy().maxNewTokens(3);
      Round round =
          i -> {
            String prompt = beams ? PROMPTS.get(i % PROMPTS.size()) : "";
            blip2.generate(images.get(i % images.size()), prompt, decoding);
          };
      Files.writeString(Path.of(args[2]), measure(rounds, round), StandardCharsets.UTF_8);
    }
  }

  private interface Round {
    void run(int index);
  }

  /** Live bytes, held bytes and resident KiB, each early and late. */
  private static String measure(int rounds, Round round) throws IOException {
    run(round, 0, WARM_UP);
    long earlyUsed = TensorMemory.usedBytes();
    long earlyResident = averageResident(round, WARM_UP);
    long earlyTotal = TensorMemory.totalBytes();
    run(round, WARM_UP + WINDOW, rounds - WINDOW);
    long lateResident = averageResident(round, rounds - WINDOW);
    return String.format(
        Locale.ROOT,
        "%d %d %d %d %d %d",
        earlyUsed,
        TensorMemory.usedBytes(),
        earlyTotal,
        TensorMemory.totalBytes(),
        earlyResident,
        lateResident);
  }

  private static long averageResident(Round round, int from) throws IOException {
    long sum = 0;
    int step = WINDOW / READINGS;
    for (int i = 0; i < READINGS; i++) {
      run(round, from + i * step, from + (i + 1) * step);
      System.gc(); // native memory of pointers that are garbage is freed with them
      sum += residentKib();
    }
    return sum / READINGS;
  }

  private static void run(Round round, int from, int to) {
    for (int i = from; i < to; i++) {
      round.run(i);
    }
  }

  private static long residentKib() throws IOException {
    try (var lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow();
    }
  }
}
