package io.github.blip2j.blip2.text;

/**
 * How well a text describes an image, in the two ways a Q-Former can tell (section 3.1).
 *
 * @param itc how alike they are by themselves: the largest cosine between a query of the image and
 *     the text, in [-1, 1], not divided by a temperature
 * @param itmLogit the score of yes when the model looks at both together, any number; 0 is neither
 * @param itmProbability the probability of yes, in [0, 1]
 */
public record Match(double itc, double itmLogit, double itmProbability) {
  /** From the scores of no and yes. */
  public static Match of(double itc, double no, double yes) {
    return new Match(itc, yes, 1 / (1 + Math.exp(no - yes)));
  }

  /** What retrieval ranks by: cosine and match score added up, so not within any bounds. */
  public double retrievalScore() {
    return itc + itmLogit;
  }
}
