package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.vision.image.Image;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One loaded model under several threads. */
final class Blip2ThreadsTest {
  private static final int THREADS = 4;
  private static final int ROUNDS = 12;

  private static final List<GenerationConfig> DECODINGS =
      List.of(
          GenerationConfig.greedy().maxNewTokens(6),
          GenerationConfig.beams(3).maxNewTokens(5).numReturnSequences(2),
          GenerationConfig.sample().temperature(2).seed(5).maxNewTokens(6),
          GenerationConfig.greedy().repetitionPenalty(1.5).minNewTokens(4).maxNewTokens(6));

  @Test
  @Timeout(value = 2, unit = TimeUnit.MINUTES)
  void generate_fromFourThreads_equalsFromOne() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(THREADS);
    try (var blip2 = Blip2.load(Fixture.HF_OPT)) {
      List<Image> images = Fixture.images();
      List<List<Generated>> expected = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        expected.add(write(blip2, images, i));
      }
      long used = TensorMemory.usedBytes();

      List<Callable<List<List<Generated>>>> workers = new ArrayList<>();
      for (int thread = 0; thread < THREADS; thread++) {
        int first = thread;
        workers.add(() -> rounds(blip2, images, first));
      }

      for (Future<List<List<Generated>>> worker : pool.invokeAll(workers)) {
        List<List<Generated>> written = worker.get();
        for (int i = 0; i < written.size(); i++) {
          assertEquals(expected.get(i % THREADS), written.get(i));
        }
      }
      assertEquals(used, TensorMemory.usedBytes());
    } finally {
      pool.shutdownNow();
    }
  }

  /** Each thread meets every case, in the same order from another start, filed by case. */
  private static List<List<Generated>> rounds(Blip2 blip2, List<Image> images, int first) {
    List<List<Generated>> written = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      written.add(List.of());
    }
    for (int i = 0; i < ROUNDS; i++) {
      int which = (first + i) % ROUNDS;
      written.set(which, write(blip2, images, which % THREADS));
    }
    return written;
  }

  private static List<Generated> write(Blip2 blip2, List<Image> images, int which) {
    String prompt = which == 1 ? "a photo of" : "";
    return blip2.generate(images.get(which % images.size()), prompt, DECODINGS.get(which));
  }
}
