package io.github.blip2j.blip2;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.generation.Decoding;
import io.github.blip2j.generation.Generator;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.qformer.BertContext;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.QFormerCaptioner;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.image.RgbImage;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** Captions by the Q-Former itself, without a language model (section 3.1, ITG). */
final class QFormerWriter {
  private final LoadedMatcher loaded;

  /** Calls run within the gate of {@code loaded}. */
  QFormerWriter(LoadedMatcher loaded) {
    this.loaded = loaded;
  }

  /** For each image its captions, the best first. */
  List<List<Generated>> write(List<RgbImage> images, Decoding decoding) {
    Blip2Qformer qformer = loaded.qformer();
    qformer.writer(); // asked for first, so that a model without it complains at once
    Decoding fitting = fitting(decoding);
    Generator generator = Generator.of(fitting, loaded.endId());
    List<int[]> starts = Collections.nCopies(images.size(), new int[] {loaded.config().startId()});
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      BertContext read = qformer.readImage(loaded.see(images));
      QFormerCaptioner captioner = qformer.captioner(read, fitting.maxNewTokens());
      return generator.generate(captioner, starts).stream()
          .map(written -> written.stream().map(this::text).toList())
          .toList();
    }
  }

  /** The last token is written but never read, so it needs no position; the start token does. */
  private Decoding fitting(Decoding decoding) {
    int room = loaded.config().bert().maxPositions();
    if (decoding.minNewTokens() > room) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "write: minNewTokens expected at most %d, got %d",
              room,
              decoding.minNewTokens()));
    }
    return decoding.maxNewTokens() <= room ? decoding : decoding.maxNewTokens(room);
  }

  private Generated text(Sequence written) {
    String text = loaded.tokenizer().decode(written.tokens()).strip();
    return Generated.of(written, text, text);
  }
}
