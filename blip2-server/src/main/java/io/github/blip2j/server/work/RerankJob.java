package io.github.blip2j.server.work;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.server.models.ServedModel;
import io.github.blip2j.server.work.EmbedJob.Input;
import io.github.blip2j.server.work.EmbedJob.Seen;
import io.github.blip2j.server.work.EmbedJob.Text;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Scores of documents for a query: the probability of a match where one is an image and the other a
 * text, otherwise the cosine of their embeddings.
 */
public final class RerankJob extends Job<List<Double>> {
  private final Input query;
  private final List<Input> documents;

  /** A job. */
  public RerankJob(String model, Input query, List<Input> documents) {
    super(model, new Object());
    this.query = query;
    this.documents = List.copyOf(documents);
  }

  @Override
  public String label() {
    return "rerank";
  }

  @Override
  protected int weight() {
    return documents.size();
  }

  @Override
  protected void run(ServedModel model, List<? extends Job<?>> jobs, Bench bench)
      throws IOException {
    ImageTextMatcher matcher = model.matcher().withCancellation(bench.token());
    List<Double> scores = new ArrayList<>();
    if (query instanceof Seen image && documents.stream().allMatch(Text.class::isInstance)) {
      List<String> texts = documents.stream().map(document -> ((Text) document).text()).toList();
      for (Match match : matcher.match(image.picture().decode(bench.maxPixels()), texts)) {
        scores.add(match.itmProbability());
      }
    } else {
      for (Input document : documents) {
        scores.add(score(matcher, document, bench.maxPixels()));
      }
    }
    result().complete(scores);
  }

  private double score(ImageTextMatcher matcher, Input document, long maxPixels)
      throws IOException {
    if (query instanceof Text text && document instanceof Seen image) {
      return matcher.match(image.picture().decode(maxPixels), text.text()).itmProbability();
    }
    if (query instanceof Seen image && document instanceof Text text) {
      return matcher.match(image.picture().decode(maxPixels), text.text()).itmProbability();
    }
    float[] a = vector(matcher, query, maxPixels);
    float[] b = vector(matcher, document, maxPixels);
    double product = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
    }
    return product;
  }

  private static float[] vector(ImageTextMatcher matcher, Input input, long maxPixels)
      throws IOException {
    return input instanceof Text text
        ? matcher.embed(text.text())
        : matcher.embedPooled(((Seen) input).picture().decode(maxPixels));
  }
}
