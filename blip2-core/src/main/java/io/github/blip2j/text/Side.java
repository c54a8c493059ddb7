package io.github.blip2j.text;

/** An end of a token row: where padding goes, or where tokens are cut. */
public enum Side {
  /** Before the first token. */
  LEFT,
  /** After the last token. */
  RIGHT
}
