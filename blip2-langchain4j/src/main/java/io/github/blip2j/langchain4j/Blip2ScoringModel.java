package io.github.blip2j.langchain4j;

import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.model.scoring.ScoringModel;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.inference.MatchingFeatures;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.vision.image.Image;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How well images and texts belong together, by BLIP-2's image-text matching (Li et al. 2023,
 * section 3.1): the probability of a match, for the order of what a search found.
 *
 * <pre>{@code
 * ScoringModel model = Blip2ScoringModel.of(matcher)
 *     .withImages(segment -> Optional.of(matcher.read(photos.get(segment.text()))));
 * model.scoreAll(segments, "two cats on a couch");
 * }</pre>
 *
 * <p>A segment's image is what {@link #withImages} finds for it, and the query's or a segment's
 * text if it is a data URL. An image and a text are matched; the score of two texts or two images
 * is the cosine of their embeddings, which is on another scale. Safe for many threads; it does not
 * close the model.
 */
public final class Blip2ScoringModel implements ScoringModel {
  private final ImageTextMatcher matcher;
  private final Function<TextSegment, Optional<Image>> images;

  private Blip2ScoringModel(
      ImageTextMatcher matcher, Function<TextSegment, Optional<Image>> images) {
    this.matcher = matcher;
    this.images = images;
  }

  /** Over a loaded model. */
  public static Blip2ScoringModel of(ImageTextMatcher matcher) {
    return new Blip2ScoringModel(matcher, segment -> Optional.empty());
  }

  /**
   * With images that segments stand for.
   *
   * @param newImages finds the image of a segment, as by its metadata; empty if it is a text
   */
  public Blip2ScoringModel withImages(Function<TextSegment, Optional<Image>> newImages) {
    return new Blip2ScoringModel(matcher, newImages);
  }

  /** The probability that a text describes an image. */
  public double score(Image image, String text) {
    return matcher.match(image, text).itmProbability();
  }

  /**
   * A score for each segment.
   *
   * @throws IllegalArgumentException if an image cannot be read
   */
  @Override
  public Response<List<Double>> scoreAll(List<TextSegment> segments, String query) {
    return Response.from(
        Pictures.isDataUrl(query)
            ? ofImage(segments, Pictures.ofDataUrl(query))
            : ofText(segments, query));
  }

  private List<Double> ofText(List<TextSegment> segments, String query) {
    float @Nullable [] vector = null;
    List<Double> scores = new ArrayList<>();
    for (TextSegment segment : segments) {
      @Nullable Image image = image(segment);
      if (image != null) {
        scores.add(score(image, query));
      } else {
        vector = vector == null ? matcher.embed(query) : vector;
        scores.add(cosine(vector, matcher.embed(segment.text())));
      }
    }
    return scores;
  }

  /** The image is looked at once, however many texts there are. */
  private List<Double> ofImage(List<TextSegment> segments, Image query) {
    List<Double> scores = new ArrayList<>();
    try (MatchingFeatures features = matcher.encode(List.of(query))) {
      for (TextSegment segment : segments) {
        @Nullable Image image = image(segment);
        if (image != null) {
          scores.add(cosine(matcher.embedPooled(features), matcher.embedPooled(image)));
        } else {
          List<Match> matches = matcher.match(features, List.of(segment.text()));
          scores.add(matches.get(0).itmProbability());
        }
      }
    }
    return scores;
  }

  private @Nullable Image image(TextSegment segment) {
    return images
        .apply(segment)
        .or(
            () ->
                Pictures.isDataUrl(segment.text())
                    ? Optional.of(Pictures.ofDataUrl(segment.text()))
                    : Optional.empty())
        .orElse(null);
  }

  private static double cosine(float[] a, float[] b) {
    double product = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
    }
    return product;
  }
}
