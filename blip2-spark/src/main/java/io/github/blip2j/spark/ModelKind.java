package io.github.blip2j.spark;

/** The two facades of the library. */
enum ModelKind {
  /** A model of the second stage, {@link io.github.blip2j.blip2.Blip2}. */
  WRITER,
  /** A model of the first stage, {@link io.github.blip2j.blip2.ImageTextMatcher}. */
  MATCHER
}
