package io.github.blip2j.generation;

/** The rule for stopping a beam search that has as many finished sequences as beams. */
public enum EarlyStopping {
  /**
   * When the best running beam, ended here, would not beat the worst finished sequence ({@code
   * early_stopping=False} in Hugging Face). The default.
   */
  HEURISTIC,
  /** At once ({@code early_stopping=True}). */
  WHEN_FULL,
  /**
   * When no continuation up to the longest allowed length could win ({@code
   * early_stopping="never"}). Differs from {@link #HEURISTIC} for positive length penalties only.
   */
  NEVER
}
