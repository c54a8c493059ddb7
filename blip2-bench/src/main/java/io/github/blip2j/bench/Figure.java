package io.github.blip2j.bench;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** One thing whose time is taken. */
public enum Figure {
  /** Reading 1 GB from memory: the limit of decoding, which reads all weights for each token. */
  READ_1GB(7, "1 GB"),
  /** One large matrix product: the limit of layers with many rows. */
  PRODUCT(7, "[2048, 4096] by [4096, 4096], 69 GFLOP"),
  /** The vision transformer and its norm on one image. */
  VISION_B1(5, "1 image"),
  /** The vision transformer and its norm on a batch of four images. */
  VISION_B4(3, "4 images"),
  /** The Q-Former on one image's features. */
  QFORMER_B1(9, "32 queries"),
  /** Prefill of a decoder: a soft prompt and one token, with logits at every position. */
  PREFILL(5, "33 positions"),
  /** Decoding of each further token of a caption. */
  DECODE_GREEDY(3, "1 token"),
  /** Each further word of a beam search. */
  DECODE_BEAM5(3, "1 token of 5 beams"),
  /** Captions, all written by one thread. */
  CAPTIONS_1_THREAD(5, "16 captions of 8 tokens"),
  /** As many captions on the same model, shared among four threads. */
  CAPTIONS_4_THREADS(5, "16 captions of 8 tokens"),
  /** One training step of BERT-base, whatever the preset: forward and backward. */
  BERT_TRAIN(5, "8 texts of 64 tokens"),
  /** One training step of BLIP-2's first stage, whatever the preset, dropout and AdamW included. */
  STAGE1_TRAIN(5, "8 images and texts of 32 tokens");

  private final int runs;
  private final String work;

  Figure(int runs, String work) {
    this.runs = runs;
    this.work = work;
  }

  /** The name, as in {@code "vision_b1"}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** How often it is timed, after runs that are not. */
  public int runs() {
    return runs;
  }

  /** What is done in its time, in words. */
  public String work() {
    return work;
  }

  /**
   * The figure of this name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Figure named(String label) {
    return Arrays.stream(values())
        .filter(figure -> figure.label().equals(label))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(unknown(label)));
  }

  private static String unknown(String label) {
    String labels = Arrays.stream(values()).map(Figure::label).collect(Collectors.joining(", "));
    return String.format(Locale.ROOT, "figure expected one of %s, got '%s'", labels, label);
  }
}
