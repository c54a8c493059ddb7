package io.github.blip2j.cli.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.backend.Threads;
import io.github.blip2j.cli.Shell;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class BenchCommandTest {
  private int threads;

  /** One thread in these tests: several that wait for each other are slow beside other programs. */
  @BeforeEach
  void rememberThreads() {
    threads = Threads.count();
  }

  @AfterEach
  void restoreThreads() {
    Threads.use(threads);
  }

  private static final String FIGURES =
      "expected one of read_1gb, product, vision_b1, vision_b4, qformer_b1, prefill,"
          + " decode_greedy, decode_beam5, captions_1_thread, captions_4_threads, bert_train, stage1_train";

  @Test
  void bench_json_isOneDocumentOfAllFigures() {
    JsonObject document = Shell.run("bench", "--preset", "tiny", "--threads", "1", "--json").json();

    assertEquals(
        List.of(
            "preset",
            "dtype",
            "kernels",
            "threads",
            "cpu",
            "figures",
            "load_ms",
            "peak_resident_mb"),
        List.copyOf(document.keySet()));
    assertEquals("tiny", document.get("preset").getAsString());
    assertEquals("float32", document.get("dtype").getAsString());
    assertEquals(1, document.get("threads").getAsInt());
    List<String> figures = new ArrayList<>();
    for (JsonElement element : document.getAsJsonArray("figures")) {
      JsonObject figure = element.getAsJsonObject();
      assertEquals(
          List.of("figure", "ms", "min_ms", "max_ms", "runs", "of"), List.copyOf(figure.keySet()));
      assertTrue(figure.get("runs").getAsInt() >= 3, figure::toString);
      assertTrue(
          figure.get("min_ms").getAsDouble() <= figure.get("ms").getAsDouble(), figure::toString);
      figures.add(figure.get("figure").getAsString());
    }
    assertEquals(
        List.of("vision_b1", "vision_b4", "qformer_b1", "prefill", "decode_greedy", "decode_beam5"),
        figures);
    assertTrue(document.get("load_ms").getAsDouble() > 0);
  }

  @Test
  void bench_text_isATable() {
    Shell shell =
        Shell.run(
            "bench --preset tiny --dtype bfloat16 --threads 1 --figures read_1gb,qformer_b1"
                .split(" "));

    assertEquals("", shell.err());
    List<String> lines = shell.out().lines().toList();
    assertTrue(
        lines.get(0).matches("tiny in bfloat16, \\S+ kernels, 1 threads, .+"), lines::toString);
    assertEquals("figure                 ms        min        max  runs  of", lines.get(1));
    assertTrue(
        lines.get(2).matches("read_1gb       ( *\\d+\\.\\d\\d){3}     7  1 GB"), lines::toString);
    assertTrue(
        lines.get(3).matches("qformer_b1     ( *\\d+\\.\\d\\d){3}     9  32 queries"),
        lines::toString);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--preset huge|invalid value for option '--preset': preset expected one of opt-2.7b,"
            + " flan-t5-xl, vicuna-7b, tiny, got 'huge'; see blip2 bench --help",
        "--preset tiny --dtype int4|invalid value for option '--dtype': expected float32,"
            + " bfloat16 or int8, got 'int4'; see blip2 bench --help",
        "--preset tiny --threads 0|--threads expected 1 to 1024, got 0",
        "--preset tiny --threads 20000|--threads expected 1 to 1024, got 20000",
        "--preset flan-t5-xl --figures vision_b1,prefill|bench: figures of flan-t5-xl expected among"
            + " read_1gb, product, vision_b1, vision_b4, qformer_b1, decode_greedy, decode_beam5,"
            + " captions_1_thread, captions_4_threads, bert_train, stage1_train, got prefill",
        "--figures vision_b1|missing required option: '--preset=P'; see blip2 bench --help",
      })
  void bench_wrongUsage_exits2WithOneLine(String options, String message) {
    assertEquals(
        new Shell(2, "", "blip2: " + message + "\n"), Shell.run(("bench " + options).split(" ")));
  }

  @Test
  void bench_unknownFigure_exits2AndNamesThemAll() {
    String message =
        "blip2: invalid value for option '--figures' (F): figure "
            + FIGURES
            + ", got 'colour'; see blip2 bench --help\n";

    assertEquals(
        new Shell(2, "", message),
        Shell.run("bench", "--preset", "tiny", "--figures", "prefill,colour"));
  }
}
