package io.github.blip2j.evaluation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.features.FeatureExtractor;
import io.github.blip2j.blip2.features.FloatRows;
import io.github.blip2j.distributed.RankBytes;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.distributed.Rounds;
import io.github.blip2j.evaluation.data.ClassNames;
import io.github.blip2j.evaluation.data.LabelledImage;
import io.github.blip2j.evaluation.data.PromptTemplates;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.CaptionText;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Classifies images without training examples: by the image-text contrastive similarity (ITC) with
 * the names of classes in prompts (Radford et al. 2021, section 3.1). The vector of a class is the
 * mean of its prompts' unit vectors, made a unit vector again; the similarity with an image is that
 * of the best query. Immutable.
 *
 * <p>Prompts are cleaned as captions of LAVIS's training: lower case, without periods.
 */
public final class ClassificationTask {
  private static final int BATCH = 8; // more gains little and takes memory
  private static final int KEPT = 5;
  private static final String CLASSES = "classes";

  private final ImageTextMatcher matcher;
  private final PromptTemplates templates;
  private final int batchSize;
  private final EvaluationListener listener;
  private final Ranks ranks;

  private ClassificationTask(
      ImageTextMatcher matcher,
      PromptTemplates templates,
      int batchSize,
      EvaluationListener listener,
      Ranks ranks) {
    this.matcher = matcher;
    this.templates = templates;
    this.batchSize = batchSize;
    this.listener = listener;
    this.ranks = ranks;
  }

  /** Classification by this model with the 80 prompts of CLIP, eight images at once. */
  public static ClassificationTask of(ImageTextMatcher matcher) {
    return new ClassificationTask(
        matcher, PromptTemplates.clip(), BATCH, (done, earlier, of) -> {}, Ranks.ALONE);
  }

  /** This task with other prompts. */
  public ClassificationTask withTemplates(PromptTemplates newTemplates) {
    return new ClassificationTask(matcher, newTemplates, batchSize, listener, ranks);
  }

  /**
   * This task with another number of images at once.
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public ClassificationTask withBatchSize(int newBatchSize) {
    return new ClassificationTask(
        matcher, templates, ResumableRun.positive(newBatchSize), listener, ranks);
  }

  /** This task with a listener for its progress. */
  public ClassificationTask onProgress(EvaluationListener newListener) {
    return new ClassificationTask(matcher, templates, batchSize, newListener, ranks);
  }

  /**
   * This task, shared by ranks that call {@link #run} together: they take the batches in turn, and
   * all get the results, which are those of one process. The first rank's journal is read and
   * written; the others may have any in memory.
   */
  public ClassificationTask among(Ranks newRanks) {
    return new ClassificationTask(matcher, templates, batchSize, listener, newRanks);
  }

  /**
   * The vectors of classes.
   *
   * @return a unit vector for each, [classes][P]
   */
  public float[][] classVectors(ClassNames classes) {
    float[][] vectors = new float[classes.size()][];
    Arrays.setAll(vectors, i -> classVector(classes.names().get(i)));
    return vectors;
  }

  private float[] classVector(String name) {
    CaptionText cleaning = CaptionText.lavis();
    List<String> prompts = templates.of(name).stream().map(cleaning::clean).toList();
    try (var scope = Scope.open(matcher.model().backend())) {
      return FloatRows.direction(FloatRows.of(matcher.features().ofTexts(prompts)));
    }
  }

  /** The same, of classes that ranks take in turn. */
  private float[][] sharedVectors(ClassNames classes) throws IOException {
    ranks.requireEqual(
        "classes and templates",
        classes.names().hashCode() + ", " + templates.templates().hashCode());
    float[][] vectors = new float[classes.size()][];
    Rounds.run(
        ranks,
        vectors.length,
        i -> RankBytes.of(classVector(classes.names().get(i))),
        (i, bytes) -> vectors[i] = RankBytes.floats(bytes));
    return vectors;
  }

  /**
   * Classifies images, except for those that the journal has.
   *
   * @return for each image the numbers of its five best classes, the best first
   * @throws io.github.blip2j.data.DataException if the file of an image is missing
   */
  public List<List<Integer>> run(
      List<LabelledImage> images, ClassNames classes, ImageFolder folder, RunJournal journal)
      throws IOException {
    List<String> files = images.stream().map(LabelledImage::image).toList();
    folder.requireAll(files, ranks);
    float[][] vectors = sharedVectors(classes);
    List<JsonObject> results =
        ResumableRun.of(
            new ResumableRun.Items<>(images, LabelledImage::image, files, folder),
            batchSize,
            journal,
            listener,
            ranks,
            some -> classify(some, vectors, folder));
    return results.stream().map(ClassificationTask::classes).toList();
  }

  private List<JsonObject> classify(
      List<LabelledImage> images, float[][] classes, ImageFolder folder) throws IOException {
    List<Image> read = new ArrayList<>();
    for (LabelledImage image : images) {
      read.add(folder.read(image.image()));
    }
    List<JsonObject> results = new ArrayList<>();
    try (var scope = Scope.open(matcher.model().backend())) {
      FeatureExtractor features = matcher.features();
      Tensor queries = features.images(read).compared(); // [B, Q, P]
      int width = classes[0].length;
      float[][] rows = FloatRows.of(queries.reshape(-1, width)); // [B Q, P]
      int perImage = rows.length / read.size();
      for (int i = 0; i < read.size(); i++) {
        List<float[]> own = List.of(rows).subList(i * perImage, (i + 1) * perImage);
        results.add(result(best(own, classes)));
      }
    }
    return results;
  }

  /** The numbers of the most similar classes, of equals the first. */
  private static List<Integer> best(List<float[]> queries, float[][] classes) {
    double[] similarities = new double[classes.length];
    for (int i = 0; i < classes.length; i++) {
      double most = Double.NEGATIVE_INFINITY;
      for (float[] query : queries) {
        most = Math.max(most, dot(query, classes[i]));
      }
      if (Double.isNaN(most)) {
        throw new IllegalStateException(
            "classification: similarity expected a number, got NaN; check the model's weights");
      }
      similarities[i] = most;
    }
    return IntStream.range(0, classes.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -similarities[i]))
        .limit(KEPT)
        .toList();
  }

  private static double dot(float[] one, float[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += (double) one[i] * other[i];
    }
    return sum;
  }

  private static JsonObject result(List<Integer> classes) {
    var numbers = new JsonArray();
    classes.forEach(numbers::add);
    var result = new JsonObject();
    result.add(CLASSES, numbers);
    return result;
  }

  private static List<Integer> classes(JsonObject result) {
    List<Integer> classes = new ArrayList<>();
    for (JsonElement each : result.getAsJsonArray(CLASSES)) {
      classes.add(each.getAsInt());
    }
    return List.copyOf(classes);
  }
}
