package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.inference.Blip2Folder;
import io.github.blip2j.blip2.text.CandidateRanking;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.blip2.text.QuestionPrompt;
import io.github.blip2j.blip2.text.RankedCandidate;
import io.github.blip2j.blip2.text.ScoredText;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Questions, ranking and prompts of several images with a model whose decoder is its own. */
final class T5AskingTest {
  private static final Path FOLDER = Fixtures.own("hf-t5");

  private static Blip2 blip2;
  private static List<Image> images;

  @BeforeAll
  static void load() throws IOException {
    blip2 = Blip2.load(FOLDER);
    images = Blip2Folder.images(FOLDER);
  }

  @AfterAll
  static void close() {
    blip2.close();
  }

  @Test
  void questions_areAskedForShortAnswers() {
    assertEquals(QuestionPrompt.SHORT_ANSWER, blip2.questions());
  }

  @Test
  void score_ofGreedyText_isWhatDecodingSays() {
    Prompt about = Prompt.about(images.get(0), "a photo of");
    Generated written = blip2.generate(about, GenerationConfig.greedy()).get(0);

    ScoredText scored = blip2.score(about, written.text());

    assertTrue(written.ended());
    assertEquals(written.tokenIds(), scored.tokenIds());
    for (int t = 0; t < scored.tokenIds().size(); t++) {
      assertEquals(written.logProbabilities().get(t), scored.logProbabilities().get(t), 1e-4);
    }
  }

  @Test
  void rank_promptsOfDifferentImages_equalsOneByOne() {
    List<String> candidates = List.of("red", "a green star", "blue");
    List<Prompt> prompts =
        List.of(
            Prompt.about(images.get(0), "what color is the star?"),
            Prompt.about(images.get(1), "a").image(images.get(0)).text(" photo of"),
            Prompt.of(images.get(1)).image(images.get(2)));

    List<List<RankedCandidate>> together =
        blip2.rank(prompts, candidates, CandidateRanking.bySum());

    for (int b = 0; b < prompts.size(); b++) {
      List<RankedCandidate> alone =
          blip2.rank(prompts.get(b), candidates, CandidateRanking.bySum());
      for (int place = 0; place < candidates.size(); place++) {
        assertEquals(alone.get(place).index(), together.get(b).get(place).index());
        assertEquals(alone.get(place).sum(), together.get(b).get(place).sum(), 1e-4);
      }
      Generated written = blip2.generate(prompts.get(b), GenerationConfig.greedy()).get(0);
      Generated inBatch = blip2.generate(prompts, GenerationConfig.greedy()).get(b).get(0);
      assertEquals(written.tokenIds(), inBatch.tokenIds());
    }
  }
}
