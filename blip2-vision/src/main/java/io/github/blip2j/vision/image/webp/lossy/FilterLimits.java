package io.github.blip2j.vision.image.webp.lossy;

/**
 * The limits by which the loop filter recognises an artefact (RFC 6386, section 15.2).
 *
 * @param edge limit of the step across an edge; 0 if nothing is filtered
 * @param interior limit of the differences beside it
 * @param highVariance a larger difference beside the edge means that the edge belongs to the image
 */
record FilterLimits(int edge, int interior, int highVariance) {
  static final FilterLimits NONE = new FilterLimits(0, 0, 0);
}
