package io.github.blip2j.blip2.text;

/**
 * How long a text is to a model that may cut it.
 *
 * @param tokens all of its tokens, with the first and the last
 * @param read as many of them as the model reads
 */
public record TextLength(int tokens, int read) {
  /** Whether the end of the text is not read. */
  public boolean isCut() {
    return read < tokens;
  }
}
