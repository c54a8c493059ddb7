package org.example.research;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.blip2.model.LanguageFamilies;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.pretraining.StageTwoExport;
import io.github.blip2j.pretraining.StageTwoModel;
import io.github.blip2j.pretraining.StageTwoParts;
import io.github.blip2j.pretraining.StageTwoSetup;
import io.github.blip2j.pretraining.StageTwoTraining;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.training.RunControl;
import io.github.blip2j.training.TrainStep;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingSettings;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A language model of one's own: registered, trained with images, exported, loaded, asked. */
final class OwnLanguageModelTest {
  private static final Path GOLDEN =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden");
  private static final Path IMAGES = GOLDEN.resolve("lavis-stage1").resolve("images");

  @Test
  void ownLanguageModel_trainedBehindImages_isExportedAndAsked(@TempDir Path folder)
      throws IOException {
    Path whole = folder.resolve("whole");
    List<Double> losses = new ArrayList<>();
    var parts =
        StageTwoParts.of(GOLDEN.resolve("lavis-stage1"), PlainLanguages.gpt(folder.resolve("gpt")));
    var setup = StageTwoSetup.lavis().withLanguageFamilies(PlainLanguages.families());
    try (Scope home = Scope.detached()) {
      StageTwoModel model = StageTwoModel.load(parts, home, setup);
      model.parameters().values().forEach(Parameter::train); // the language model too: it is random
      try (var tokenizer = model.openTokenizer();
          var optimizer =
              new AdamW(ParameterGroup.of(model.parameters().values(), 0.05), AdamWRule.DEFAULT)) {
        var settings =
            TrainingSettings.of(folder.resolve("run"), Schedule.Constant.of(3e-3))
                .withEpochs(20)
                .withMaxSteps(40);
        TrainingListener listener =
            new TrainingListener() {
              @Override
              public void updated(TrainStep.Outcome outcome, RunControl run) {
                losses.add(outcome.losses().get("loss"));
              }
            };
        new Trainer<>(
                StageTwoTraining.of(model, tokenizer), batches(folder, model), optimizer, settings)
            .start(listener);
      }
      new StageTwoExport(model).toHuggingFace(whole);
      var e = assertThrows(CheckpointException.class, new StageTwoExport(model)::requireLavis);
      assertTrue(String.valueOf(e.getMessage()).contains("got GPT; export for Hugging"));
      assertThrows(
          CheckpointException.class, () -> Conversion.toLavis(whole, folder.resolve("lavis.pth")));
    }
    assertTrue(losses.get(39) < losses.get(0) / 2, losses::toString);
    LoadOptions options =
        LoadOptions.of(Precision.FLOAT32).withLanguageFamilies(PlainLanguages.families());
    try (Blip2 blip2 = Blip2.load(whole, options)) {
      String caption =
          blip2
              .generate(
                  blip2.read(IMAGES.resolve("0.png")),
                  "",
                  GenerationConfig.beams(3).maxNewTokens(8))
              .get(0)
              .text();
      assertEquals("a red star", caption);
    }
  }

  private static CaptionBatches batches(Path folder, StageTwoModel model) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      lines.add("{\"image\": \"" + i + ".png\", \"caption\": \"a red star\"}");
    }
    Path captions = Files.write(folder.resolve("captions.jsonl"), lines);
    CaptionSet set = CaptionSet.open(List.of(captions), IMAGES, CaptionSet.Faulty.REFUSE);
    return CaptionBatches.of(set, model.processor(), 2, 42);
  }

  @Test
  void load_withoutTheFamily_saysWhichThereAreAndHowToRegisterIt(@TempDir Path folder)
      throws IOException {
    var parts =
        StageTwoParts.of(GOLDEN.resolve("lavis-stage1"), PlainLanguages.gpt(folder.resolve("gpt")));
    try (Scope home = Scope.detached()) {
      var e =
          assertThrows(
              CheckpointException.class,
              () -> StageTwoModel.load(parts, home, StageTwoSetup.lavis()));

      String message = String.valueOf(e.getMessage());
      assertTrue(message.contains("qwen2, t5, got tiny_gpt; another"), message);
      assertTrue(message.contains("withLanguageFamilies of LoadOptions or StageTwoSetup"), message);
    }
  }

  @Test
  void installed_serviceOfTheThreadsClassLoader_isFound(@TempDir Path folder) throws IOException {
    Path services = Files.createDirectories(folder.resolve("META-INF/services"));
    Files.writeString(services.resolve(LanguageFamily.class.getName()), GptFamily.class.getName());
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    assertTrue(LanguageFamilies.installed().find("tiny_gpt").isEmpty());
    try (var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
      thread.setContextClassLoader(loader);

      assertEquals("GPT", LanguageFamilies.installed().find("tiny_gpt").orElseThrow().name());
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Test
  void with_aFamilyTwice_isRefused() {
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> PlainLanguages.families().with(new GptFamily()));

    assertEquals(
        "language families: one family expected for model_type tiny_gpt, got GPT"
            + " (org.example.research.GptFamily) and GPT (org.example.research.GptFamily);"
            + " register it once, or under a model_type of its own",
        e.getMessage());
  }
}
