package io.github.blip2j.server.work;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.inference.MatchingFeatures;
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
      matches(model, matcher, image, texts, bench)
          .forEach(match -> scores.add(match.itmProbability()));
    } else {
      for (Input document : documents) {
        scores.add(score(model, matcher, document, bench));
      }
    }
    result().complete(scores);
  }

  private double score(ServedModel model, ImageTextMatcher matcher, Input document, Bench bench)
      throws IOException {
    if (query instanceof Text text && document instanceof Seen image) {
      return matches(model, matcher, image, List.of(text.text()), bench).get(0).itmProbability();
    }
    if (query instanceof Seen image && document instanceof Text text) {
      return matches(model, matcher, image, List.of(text.text()), bench).get(0).itmProbability();
    }
    float[] a = EmbedJob.vector(model, matcher, query, bench);
    float[] b = EmbedJob.vector(model, matcher, document, bench);
    double product = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
    }
    return product;
  }

  private static List<Match> matches(
      ServedModel model, ImageTextMatcher matcher, Seen image, List<String> texts, Bench bench)
      throws IOException {
    MatchingFeatures features =
        bench.features().matching(model, List.of(image.picture()), bench).get(0);
    List<Match> matches = matcher.match(features, texts);
    bench.features().trim(); // or the features of all documents are kept
    return matches;
  }
}
