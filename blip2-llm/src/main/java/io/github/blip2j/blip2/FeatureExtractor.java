package io.github.blip2j.blip2;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.qformer.BertContext;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.RgbImage;
import java.util.List;

/**
 * What the Q-Former makes of images, of texts, and of both together: LAVIS's {@code
 * extract_features} in its three modes. Texts are read whole, not cut to what models were trained
 * on; results live in the caller's open scope.
 *
 * <pre>{@code
 * B images, texts or pairs, Q queries, T tokens of the longest text, C width, P compared width
 * }</pre>
 */
public final class FeatureExtractor {
  private static final String WHERE = "features";

  private final LoadedMatcher loaded;

  FeatureExtractor(LoadedMatcher loaded) {
    this.loaded = loaded;
  }

  /**
   * Features of images.
   *
   * @param queries what the queries saw, {@code image_embeds}, [B, Q, C]
   * @param compared the same as unit vectors in the space of comparison, {@code image_embeds_proj},
   *     [B, Q, P]
   */
  public record OfImages(Tensor queries, Tensor compared) {}

  /**
   * Features of texts, of every token; a text's own is the first, {@code [CLS]}. What stands in the
   * place of padding means nothing.
   *
   * @param words {@code text_embeds}, [B, T, C]
   * @param compared the same as unit vectors in the space of comparison, {@code text_embeds_proj},
   *     [B, T, P]
   */
  public record OfTexts(Tensor words, Tensor compared) {}

  /** Features of each image by itself. */
  public OfImages images(List<RgbImage> images) {
    Required.several(WHERE, "image", images);
    return loaded.during(
        () -> {
          try (var off = GradMode.noGrad();
              var scope = Scope.open()) {
            Blip2Qformer qformer = loaded.qformer();
            BertContext read = qformer.readImage(loaded.see(images));
            Tensor queries = scope.keep(qformer.encodeQueries(read, Pass.evaluation()));
            return new OfImages(queries, scope.keep(qformer.imageFeatures(queries)));
          }
        });
  }

  /**
   * Features of each text by itself.
   *
   * @throws IllegalArgumentException if a text has more tokens than the model has positions
   */
  public OfTexts texts(List<String> texts) {
    TextBatch batch = tokens(texts);
    return loaded.during(
        () -> {
          try (var off = GradMode.noGrad();
              var scope = Scope.open()) {
            Blip2Qformer qformer = loaded.qformer();
            Tensor words = scope.keep(qformer.encodeText(batch, Pass.evaluation()));
            return new OfTexts(words, scope.keep(qformer.wordFeatures(words)));
          }
        });
  }

  /**
   * What the queries saw of image i in the light of text i, {@code multimodal_embeds}.
   *
   * @return [B, Q, C]
   * @throws IllegalArgumentException if a text has more tokens than the model has positions, or
   *     there are not as many texts as images
   */
  public Tensor multimodal(List<RgbImage> images, List<String> texts) {
    Required.several(WHERE, "image", images);
    TextBatch batch = tokens(texts);
    Required.paired(WHERE, images, texts);
    return loaded.during(
        () -> {
          try (var off = GradMode.noGrad();
              var scope = Scope.open()) {
            Blip2Qformer qformer = loaded.qformer();
            BertContext read = qformer.readImage(loaded.see(images));
            return scope.keep(qformer.encodeQueriesWithText(read, batch, Pass.evaluation()));
          }
        });
  }

  private TextBatch tokens(List<String> texts) {
    Required.several(WHERE, "text", texts);
    return loaded.during(
        () -> loaded.batch(texts.stream().map(text -> loaded.wholeIds(WHERE, text)).toList()));
  }
}
