package io.github.blip2j.blip2.inference;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.Generator;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.generation.StopStrings;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.CrossAttentionKeyValues;
import io.github.blip2j.qformer.QFormerCaptioner;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.image.Image;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * Generates captions by the Q-Former's captioning head, without a language model (section 3.1,
 * ITG).
 */
public final class CaptionGenerator {
  private static final int BATCH = 8; // more gains little and takes memory

  private final MatchingSession session;

  /** Calls run while {@code session} is held open. */
  public CaptionGenerator(MatchingSession session) {
    this.session = session;
  }

  /** For each of any number of images its captions, the best first, in bounded memory. */
  public List<List<Generated>> generateBatches(List<Image> images, GenerationConfig decoding) {
    List<List<Generated>> texts = new ArrayList<>();
    for (int from = 0; from < images.size(); from += BATCH) {
      List<Image> some = images.subList(from, Math.min(from + BATCH, images.size()));
      texts.addAll(session.during(() -> generate(some, decoding)));
    }
    return List.copyOf(texts);
  }

  /** For each image its captions, the best first. */
  public List<List<Generated>> generate(List<Image> images, GenerationConfig decoding) {
    Blip2Qformer qformer = session.qformer();
    qformer.captionHead(); // first, so that a model without it fails before any work
    GenerationConfig fitting = fitting(decoding);
    Generator generator = Generator.of(fitting, session.endId()).withTokenizer(session.tokenizer());
    StopStrings stops = StopStrings.of(fitting.stopStrings());
    List<int[]> starts = Collections.nCopies(images.size(), new int[] {session.config().startId()});
    try (var off = GradMode.noGrad();
        var scope = Scope.open(session.backend())) {
      CrossAttentionKeyValues keyValues = qformer.imageKeyValues(session.encodeImages(images));
      QFormerCaptioner captioner = qformer.captioner(keyValues, fitting.maxNewTokens());
      return generator.generate(captioner, starts).stream()
          .map(written -> written.stream().map(one -> text(one, stops)).toList())
          .toList();
    }
  }

  /**
   * The last token is generated but never an input, so it needs no position; the start token does.
   */
  private GenerationConfig fitting(GenerationConfig decoding) {
    int room = session.config().bert().maxPositions();
    if (decoding.minNewTokens() > room) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "caption: minNewTokens expected at most %d, got %d",
              room,
              decoding.minNewTokens()));
    }
    return decoding.maxNewTokens() <= room ? decoding : decoding.maxNewTokens(room);
  }

  private Generated text(Sequence written, StopStrings stops) {
    String text = session.tokenizer().decode(written.tokens());
    return Generated.of(written, stops, text, text);
  }
}
