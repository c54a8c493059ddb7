package io.github.blip2j.evaluation;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.text.CandidateRanking;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.data.DataException;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.evaluation.data.AnswerResults.Answer;
import io.github.blip2j.evaluation.data.QuestionItem;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Answers the questions of a data set, as LAVIS's VQA tasks. Open questions are answered by
 * generation; of a multiple-choice question, the likeliest choice is taken besides ({@link
 * Blip2#rank}). The model's template makes prompts of the questions. Immutable.
 */
public final class VqaTask {
  private static final int BATCH = 8; // more gains little and takes memory
  private static final String ANSWER = "answer";
  private static final String CHOICE = "choice";

  private final Blip2 blip2;
  private final GenerationConfig decoding;
  private final CandidateRanking ranking;
  private final int batchSize;
  private final EvaluationListener listener;
  private final Ranks ranks;

  private VqaTask(
      Blip2 blip2,
      GenerationConfig decoding,
      CandidateRanking ranking,
      int batchSize,
      EvaluationListener listener,
      Ranks ranks) {
    this.blip2 = blip2;
    this.decoding = decoding;
    this.ranking = ranking;
    this.batchSize = batchSize;
    this.listener = listener;
    this.ranks = ranks;
  }

  /**
   * Answers by this model, with its default decoding, eight questions at once; choices are ranked
   * by the sum of their tokens' log-probabilities.
   */
  public static VqaTask of(Blip2 blip2) {
    return new VqaTask(
        blip2,
        blip2.answerConfig(),
        CandidateRanking.bySum(),
        BATCH,
        (done, earlier, of) -> {},
        Ranks.ALONE);
  }

  /** This task with another decoding; of several texts the best is taken. */
  public VqaTask withDecoding(GenerationConfig newDecoding) {
    return new VqaTask(blip2, newDecoding, ranking, batchSize, listener, ranks);
  }

  /** This task with another ranking of choices. */
  public VqaTask withRanking(CandidateRanking newRanking) {
    return new VqaTask(blip2, decoding, newRanking, batchSize, listener, ranks);
  }

  /**
   * This task with another number of questions at once.
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public VqaTask withBatchSize(int newBatchSize) {
    return new VqaTask(
        blip2, decoding, ranking, ResumableRun.positive(newBatchSize), listener, ranks);
  }

  /** This task with a listener for its progress. */
  public VqaTask onProgress(EvaluationListener newListener) {
    return new VqaTask(blip2, decoding, ranking, batchSize, newListener, ranks);
  }

  /**
   * This task, shared by ranks that call {@link #run} together: they take the batches in turn, and
   * all get the results, which are those of one process. The first rank's journal is read and
   * written; the others may have any in memory.
   */
  public VqaTask among(Ranks newRanks) {
    return new VqaTask(blip2, decoding, ranking, batchSize, listener, newRanks);
  }

  /**
   * Answers questions, except for those that the journal has.
   *
   * @return answers by question id, in the order of the questions
   * @throws DataException if the items do not tell their files, or a file is missing
   */
  public Map<String, Answer> run(
      List<QuestionItem> questions, ImageFolder images, RunJournal journal) throws IOException {
    List<String> files = ranks.agreeIo(() -> files(questions));
    images.requireAll(files, ranks);
    List<JsonObject> results =
        ResumableRun.of(
            new ResumableRun.Items<>(questions, QuestionItem::id, files, images),
            batchSize,
            journal,
            listener,
            ranks,
            some -> answer(some, images));
    Map<String, Answer> answers = new LinkedHashMap<>();
    for (int i = 0; i < questions.size(); i++) {
      answers.put(
          questions.get(i).id(),
          new Answer(text(results.get(i), ANSWER), text(results.get(i), CHOICE)));
    }
    return answers;
  }

  private List<JsonObject> answer(List<QuestionItem> questions, ImageFolder images)
      throws IOException {
    Map<String, Image> read = new LinkedHashMap<>();
    List<Prompt> prompts = new ArrayList<>();
    for (QuestionItem each : questions) {
      String file = file(each);
      @Nullable Image image = read.get(file);
      if (image == null) {
        image = images.read(file);
        read.put(file, image);
      }
      prompts.add(Prompt.about(image, blip2.questions().ask(each.question().text())));
    }
    List<List<Generated>> texts = blip2.generate(prompts, decoding);
    List<JsonObject> results = new ArrayList<>();
    for (int i = 0; i < questions.size(); i++) {
      var result = new JsonObject();
      result.addProperty(ANSWER, texts.get(i).get(0).text().strip());
      List<String> choices = questions.get(i).question().choices();
      if (!choices.isEmpty()) {
        result.addProperty(CHOICE, blip2.rank(prompts.get(i), choices, ranking).get(0).text());
      }
      results.add(result);
    }
    return results;
  }

  private static List<String> files(List<QuestionItem> questions) throws DataException {
    List<String> files = new ArrayList<>();
    for (QuestionItem each : questions) {
      files.add(file(each));
    }
    return files;
  }

  private static String file(QuestionItem item) throws DataException {
    return ImageFolder.named("question " + item.id(), item.image());
  }

  private static @Nullable String text(JsonObject result, String key) {
    @Nullable JsonElement text = result.get(key);
    return text == null || text.isJsonNull() ? null : text.getAsString();
  }
}
