package io.github.blip2j.cli.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.cli.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Resumes of a first stage with a LoRA, with something else than at the start. */
final class ResumedTrainingTest {
  private static final Path GOLDEN =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden");
  private static final Path MODEL = GOLDEN.resolve("lavis-stage1");
  private static final String LORA = "r=4,alpha=16,dropout=0.1,targets=query,value";

  private final Path folder;
  private final Path data;

  ResumedTrainingTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    this.data = Files.writeString(folder.resolve("captions.jsonl"), captions("star"));
  }

  private static String captions(String word) {
    var lines = new StringBuilder();
    for (int i = 0; i < 4; i++) {
      lines.append("{\"image\": \"" + i + ".png\", \"caption\": \"a " + word + " " + i + "\"}\n");
    }
    return lines.toString();
  }

  private Shell train(String changes) {
    return train(MODEL, changes);
  }

  private Shell train(Path model, String changes) {
    List<String> all = new ArrayList<>(List.of("train", "stage1", "--model", model.toString()));
    all.addAll(List.of("--data", data.toString(), "--images", MODEL + "/images"));
    all.addAll(List.of("--out", folder.resolve("run").toString(), "--batch-size", "2"));
    all.addAll(List.of("--warmup-steps", "0", "--threads", "1", "--lora", LORA));
    all.addAll(List.of("--freeze", "qformer.*,queries,head.*", "--ema", "0.9"));
    all.addAll(List.of("--max-steps", "2"));
    for (String word : changes.split(" ", -1)) {
      int there = word.startsWith("--") ? all.indexOf(word) : -1;
      if (there >= 0) { // the last value counts once
        all.remove(there);
        all.remove(there);
      }
      all.add(word);
    }
    return Shell.run(all.toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--lora r=4,alpha=8,dropout=0.1,targets=query,value | lora_alpha expected 16.0",
        "--lora r=4,alpha=16,rslora=true,dropout=0.1,targets=query,value | lora_rslora expected false",
        "--lora r=3,alpha=16,dropout=0.1,targets=query,value | tensors of this run expected",
        "--lora r=4,alpha=16,dropout=0.1,targets=query,key | tensors of this run expected",
        "--freeze qformer.*,queries | tensors of this run expected",
        "--train vision.layers.1.* | tensors of this run expected",
        "--seed 43 | seed expected 42",
        "--batch-size 4 | batch_size expected 2",
        "--beta2 0.98 | constants of adamW expected",
      })
  void resume_anotherModelOrOtherBatches_isRefused(String change, String why) {
    train("--json");

    Shell refused = train(change + " --max-steps 3 --resume");

    assertEquals(1, refused.exit(), refused.err());
    assertTrue(refused.err().contains("step-00000002.safetensors: " + why), refused.err());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--lora r=4,alpha=16,dropout=0.3,targets=query,value | lora_dropout 0.1 -> 0.3",
        "--ema 0.99 | ema_decay 0.9 -> 0.99",
        "--itm-weight 0.5 | itm_weight 1.0 -> 0.5",
        "--weight-decay 0.1 | weight_decay",
        "--augment | --augment false -> true",
      })
  void resume_otherUpdates_areSaid(String change, String what) {
    train("--json");

    Shell told = train(change + " --max-steps 3 --resume");

    assertEquals(0, told.exit(), told.err());
    assertTrue(told.err().contains(what), told.err());
  }

  /** The lines of the log without times and memory. */
  private List<JsonObject> log() throws IOException {
    List<JsonObject> lines = new ArrayList<>();
    for (String line : Files.readAllLines(folder.resolve("run").resolve("log.jsonl"))) {
      JsonObject json = JsonParser.parseString(line).getAsJsonObject();
      List.of("samples_per_s", "time_s", "data_s", "data_share", "memory_mib")
          .forEach(json::remove);
      lines.add(json);
    }
    return lines;
  }

  @Test
  void lastUpdate_withoutALineDue_hasOneUntilTheRunGoesOn() throws IOException {
    Shell one = train("--max-steps 4 --log-every 3 --json");
    List<JsonObject> whole = log();
    Files.move(folder.resolve("run"), folder.resolve("whole"));

    Shell part = train("--log-every 3 --json"); // two updates
    List<JsonObject> first = log();
    Shell nothing = train("--log-every 3 --resume --json");
    List<JsonObject> again = log();
    Shell rest = train("--max-steps 4 --log-every 3 --resume --json");

    assertEquals(0, part.exit(), part.err());
    assertEquals(0, nothing.exit(), nothing.err());
    assertEquals(0, rest.exit(), rest.err());
    assertEquals(2, whole.size());
    assertEquals(1, first.size());
    assertEquals("end", first.get(0).get("event").getAsString());
    assertEquals(2, first.get(0).get("step").getAsInt());
    assertEquals(first.get(0).get("loss"), part.document().getAsJsonObject("losses").get("loss"));
    assertEquals(first, again);
    assertEquals(whole, log());
    assertEquals(one.document().get("losses"), rest.document().get("losses"));
    assertTrue(
        Files.readString(folder.resolve("run").resolve("curves.html")).contains("after step 4"));
  }

  @Test
  void resume_otherWordsInTheData_areSaid() throws IOException {
    train("--json");
    Files.writeString(data, captions("ring")); // as many bytes

    Shell told = train("--max-steps 3 --resume");

    assertEquals(0, told.exit(), told.err());
    assertTrue(told.err().contains(data + " has other bytes"), told.err());
  }

  @Test
  void resume_otherData_isSaidByTheNameOfTheDocuments() throws IOException {
    train("--json");
    Path other = Files.writeString(folder.resolve("other.jsonl"), captions("ring"));

    Shell told = train("--data " + other + " --max-steps 3 --resume");

    assertEquals(0, told.exit(), told.err());
    assertTrue(told.err().contains("--data " + data + " -> " + other), told.err());
    assertFalse(told.err().contains("--captions"), told.err());
  }

  @Test
  void resume_anotherModelOfTheSameSize_isRefused() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other"));
    for (String name : List.of("checkpoint.pth", "model.json", "tokenizer.json", "vocab.txt")) {
      Files.copy(MODEL.resolve(name), other.resolve(name));
    }
    assertEquals(0, train(other, "--json").exit());
    Path weights = other.resolve("checkpoint.pth");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length / 2]++;
    Files.write(weights, bytes);

    Shell refused = train(other, "--max-steps 3 --resume");

    assertEquals(1, refused.exit(), refused.err());
    assertTrue(refused.err().contains("run.json: run of --model "), refused.err());
  }
}
