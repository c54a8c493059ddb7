package io.github.blip2j.blip2.inference;

import io.github.blip2j.nn.CancellationToken;
import java.util.List;

/** A call inside a model that tokens may stop. */
final class CancellableEntry {
  private CancellableEntry() {}

  /**
   * Enters a model and all tokens.
   *
   * @throws IllegalStateException if the model is closed
   * @throws java.util.concurrent.CancellationException if a token is cancelled already
   */
  static CloseGuard.Entry of(CloseGuard gate, List<CancellationToken> tokens) {
    tokens.forEach(CancellationToken::throwIfCancelled);
    CloseGuard.Entry inside = gate.enter();
    List<CancellationToken.Block> blocks = tokens.stream().map(CancellationToken::enter).toList();
    return () -> {
      for (int i = blocks.size() - 1; i >= 0; i--) {
        blocks.get(i).close();
      }
      inside.close();
    };
  }
}
