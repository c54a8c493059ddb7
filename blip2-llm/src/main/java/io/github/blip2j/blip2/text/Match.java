package io.github.blip2j.blip2.text;

/**
 * How well a text describes an image, by the contrastive and the matching score (section 3.1).
 *
 * @param itc the contrastive score: the largest cosine between a query of the image and the text,
 *     in [-1, 1], not divided by a temperature
 * @param itmLogit the logit of a match by the head whose queries attend to image and text, any
 *     number; 0 is undecided
 * @param itmProbability the probability of a match, in [0, 1]
 */
public record Match(double itc, double itmLogit, double itmProbability) {
  /** From the logits of no match and match. */
  public static Match of(double itc, double no, double yes) {
    return new Match(itc, yes, 1 / (1 + Math.exp(no - yes)));
  }

  /** The score of retrieval: the sum of cosine and match logit, which has no bounds. */
  public double retrievalScore() {
    return itc + itmLogit;
  }
}
