package io.github.blip2j.blip2.text;

/**
 * The length of a text in tokens, and of the part that a model uses.
 *
 * @param tokens all of its tokens, start and end tokens included
 * @param read how many of them the model uses
 */
public record TextLength(int tokens, int read) {
  /** Whether the end of the text is cut off. */
  public boolean isCut() {
    return read < tokens;
  }
}
