package io.github.blip2j.qformer.retrieval;

/**
 * Recall in both directions, as published for retrieval on COCO and Flickr30K (section 4.4).
 *
 * @param text of texts for images, TR: LAVIS's {@code txt_r1}, {@code txt_r5}, {@code txt_r10}
 * @param image of images for texts, IR: {@code img_r1}, {@code img_r5}, {@code img_r10}
 */
public record RetrievalScores(Recall text, Recall image) {
  /** The mean of the six recalls, {@code r_mean}. */
  public double mean() {
    return (text.mean() + image.mean()) / 2;
  }
}
