package io.github.blip2j.mcp;

import java.io.IOException;

/**
 * Loads a model when a tool needs it for the first time, so that a client need not wait for it
 * while it connects.
 *
 * @param <M> the model
 */
@FunctionalInterface
public interface ModelLoader<M extends AutoCloseable> {
  /** Loads the model, which the server closes at its end. */
  M load() throws IOException;
}
