package io.github.blip2j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BenchTest {
  @Test
  void run_tiny_timesWhatWasAskedInOrder() throws IOException {
    List<String> progress = new ArrayList<>();
    List<Figure> figures = List.of(Figure.QFORMER_B1, Figure.PREFILL, Figure.VISION_B1);

    BenchReport report = Bench.of(Preset.TINY, Precision.BFLOAT16, figures).run(progress::add);

    assertEquals(figures, report.figures().stream().map(Measurement::figure).toList());
    assertEquals(List.of(9, 5, 5), report.figures().stream().map(Measurement::runs).toList());
    for (Measurement each : report.figures()) {
      assertTrue(each.minMs() <= each.ms() && each.ms() <= each.maxMs(), each::toString);
    }
    assertEquals(
        List.of(
            "qformer_b1 of tiny in bfloat16",
            "prefill of tiny in bfloat16",
            "vision_b1 of tiny in bfloat16"),
        progress);
    assertTrue(report.loadMs() > 0, report::toString);
  }

  @Test
  void of_prefillOfT5_isRefused() {
    var refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> Bench.of(Preset.FLAN_T5_XL, Precision.FLOAT32, List.of(Figure.PREFILL)));

    assertEquals(
        "bench: figures of flan-t5-xl expected among read_1gb, product, vision_b1, vision_b4,"
            + " qformer_b1, decode_greedy, decode_beam5, captions_1_thread, captions_4_threads,"
            + " bert_train, stage1_train, got prefill",
        refused.getMessage());
  }

  @Test
  void processMemory_status_isReadInMebibytes(@TempDir Path folder) throws IOException {
    Path status = folder.resolve("status");
    Files.writeString(status, "VmPeak:\t  4096 kB\nVmHWM:\t    2560 kB\n");

    assertEquals(OptionalDouble.of(2.5), ProcessMemory.mebibytes(status, "VmHWM:"));
    assertEquals(OptionalDouble.empty(), ProcessMemory.mebibytes(status, "VmRSS:"));
    assertEquals(OptionalDouble.empty(), ProcessMemory.mebibytes(folder.resolve("none"), "VmHWM:"));
  }

  @Test
  void stopwatch_threeRunsOfNothing_warmsUpAsOftenAsItMayAndSorts() {
    int[] count = {0};

    Stopwatch watch = Stopwatch.time(3, () -> count[0]++);

    assertEquals(30 + 3, count[0]);
    assertTrue(watch.shortest() <= watch.median() && watch.median() <= watch.longest());
  }
}
