package io.github.blip2j.blip2.features;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.inference.MatchingSession;
import io.github.blip2j.blip2.text.Arguments;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.CrossAttentionKeyValues;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.Image;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The Q-Former's features of images, of texts, and of both together: LAVIS's {@code
 * extract_features} in its three modes. Texts are used whole, not cut to the length of training;
 * results live in the caller's open scope.
 *
 * <pre>{@code
 * B images, texts or pairs, Q queries, T tokens of the longest text, C width, P compared width
 * }</pre>
 */
public final class FeatureExtractor implements FeatureSource {
  private static final String WHERE = "features";

  private final MatchingSession session;

  public FeatureExtractor(MatchingSession session) {
    this.session = session;
  }

  /**
   * Features of images.
   *
   * @param queries the Q-Former's output, {@code image_embeds}, [B, Q, C]
   * @param compared the queries projected to unit vectors, {@code image_embeds_proj}, [B, Q, P]
   */
  public record OfImages(Tensor queries, Tensor compared) {}

  /**
   * Features of texts, of every token; that of the whole text is the first, {@code [CLS]}. Values
   * at padding are undefined.
   *
   * @param tokens {@code text_embeds}, [B, T, C]
   * @param compared the tokens projected to unit vectors, {@code text_embeds_proj}, [B, T, P]
   */
  public record OfTexts(Tensor tokens, Tensor compared) {}

  /**
   * Normed features of every token of each image, the class token first if there is one, [B, N, E].
   */
  public Tensor patches(List<Image> images) {
    return only(Feature.PATCHES, images, List.of());
  }

  /** Features of each image by itself. */
  public OfImages images(List<Image> images) {
    Map<Feature, Tensor> found =
        ofImages(images, List.of(), EnumSet.of(Feature.QUERIES, Feature.IMAGE));
    return new OfImages(get(found, Feature.QUERIES), get(found, Feature.IMAGE));
  }

  /** One vector for each image, as {@code ImageTextMatcher#embedPooled}, [B, P]. */
  public Tensor single(List<Image> images) {
    return only(Feature.SINGLE, images, List.of());
  }

  /**
   * Features of each text by itself.
   *
   * @throws IllegalArgumentException if a text has more tokens than the model has positions
   */
  public OfTexts texts(List<String> texts) {
    TextBatch batch = tokens(texts);
    return session.during(
        () -> {
          try (var off = GradMode.noGrad();
              var scope = Scope.open(session.backend())) {
            Blip2Qformer qformer = session.qformer();
            Tensor encoded = scope.keep(qformer.encodeText(batch, ForwardPass.evaluation()));
            return new OfTexts(encoded, scope.keep(qformer.tokenFeatures(encoded)));
          }
        });
  }

  /**
   * The Q-Former's output for image i with text i, {@code multimodal_embeds}.
   *
   * @return [B, Q, C]
   * @throws IllegalArgumentException if a text has more tokens than the model has positions, or
   *     there are not as many texts as images
   */
  public Tensor multimodal(List<Image> images, List<String> texts) {
    return only(Feature.MULTIMODAL, images, texts);
  }

  @Override
  public Set<Feature> features() {
    return EnumSet.complementOf(EnumSet.of(Feature.PROMPT));
  }

  @Override
  public Map<Feature, Tensor> ofImages(
      List<Image> images, List<String> texts, Set<Feature> wanted) {
    Arguments.requiredAll(WHERE, "image", images);
    boolean joint = wanted.contains(Feature.MULTIMODAL);
    @Nullable TextBatch batch = joint ? tokens(texts) : null;
    if (joint) {
      Arguments.paired(WHERE, images, texts);
    }
    return session.during(
        () -> {
          try (var off = GradMode.noGrad();
              var scope = Scope.open(session.backend())) {
            var found = new EnumMap<Feature, Tensor>(Feature.class);
            EncodedImages encoded =
                new EncodedImages(session.qformer(), session.encodeImages(images));
            wanted.forEach(feature -> found.put(feature, scope.keep(encoded.of(feature, batch))));
            return found;
          }
        });
  }

  @Override
  public Tensor ofTexts(List<String> texts) {
    Arguments.requiredAll(WHERE, "text", texts);
    return session.during(
        () -> {
          try (var off = GradMode.noGrad();
              var scope = Scope.open(session.backend())) {
            Blip2Qformer qformer = session.qformer();
            // Cut as for comparisons.
            TextBatch cut =
                session.batch(
                    texts.stream().map(text -> session.comparedIds(WHERE, text)).toList());
            return scope.keep(
                qformer.textFeature(qformer.encodeText(cut, ForwardPass.evaluation())));
          }
        });
  }

  private Tensor only(Feature feature, List<Image> images, List<String> texts) {
    return get(ofImages(images, texts, EnumSet.of(feature)), feature);
  }

  private static Tensor get(Map<Feature, Tensor> found, Feature feature) {
    return Objects.requireNonNull(found.get(feature));
  }

  /** Encoded images; intermediate results of several features are computed once. */
  private static final class EncodedImages {
    private final Blip2Qformer qformer;
    private final Tensor image; // [B, N, E]
    private @Nullable CrossAttentionKeyValues keyValues;
    private @Nullable Tensor queries;
    private @Nullable Tensor compared;

    EncodedImages(Blip2Qformer qformer, Tensor image) {
      this.qformer = qformer;
      this.image = image;
    }

    Tensor of(Feature feature, @Nullable TextBatch texts) {
      return switch (feature) {
        case PATCHES -> qformer.patches(image);
        case QUERIES -> queries();
        case IMAGE -> compared();
        case SINGLE -> single();
        case MULTIMODAL -> joint(Objects.requireNonNull(texts));
        case PROMPT, TEXT -> throw new AssertionError(feature + " of an image");
      };
    }

    private CrossAttentionKeyValues keyValues() {
      keyValues = keyValues == null ? qformer.imageKeyValues(image) : keyValues;
      return keyValues;
    }

    private Tensor queries() {
      queries =
          queries == null ? qformer.encodeQueries(keyValues(), ForwardPass.evaluation()) : queries;
      return queries;
    }

    private Tensor compared() {
      compared = compared == null ? qformer.imageFeatures(queries()) : compared;
      return compared;
    }

    private Tensor single() {
      int B = Math.toIntExact(compared().dim(0));
      int P = Math.toIntExact(compared().dim(2));
      float[][] rows = FloatRows.of(compared().reshape(-1, P)); // [B Q, P]
      float[] all = new float[B * P];
      for (int b = 0, Q = rows.length / B; b < B; b++) {
        float[][] ofImage = Arrays.copyOfRange(rows, b * Q, (b + 1) * Q);
        System.arraycopy(FloatRows.direction(ofImage), 0, all, b * P, P);
      }
      return Tensor.of(all, B, P);
    }

    private Tensor joint(TextBatch texts) {
      return qformer.encodeQueriesWithText(keyValues(), texts, ForwardPass.evaluation());
    }
  }

  private TextBatch tokens(List<String> texts) {
    Arguments.requiredAll(WHERE, "text", texts);
    return session.during(
        () -> session.batch(texts.stream().map(text -> session.wholeIds(WHERE, text)).toList()));
  }
}
