package io.github.blip2j.mcp;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A model that is loaded by its first use. Not safe for several threads. */
final class LoadedOnce<M extends AutoCloseable> {
  private static final Logger LOG = LoggerFactory.getLogger(LoadedOnce.class);

  private final ModelLoader<M> loader;
  private @Nullable M model;

  LoadedOnce(ModelLoader<M> loader) {
    this.loader = loader;
  }

  M get() throws IOException {
    M there = model;
    if (there == null) {
      there = loader.load();
      model = there;
    }
    return there;
  }

  void close() {
    M there = model;
    model = null;
    if (there != null) {
      try {
        there.close();
      } catch (Exception e) {
        LOG.warn("closing a model", e);
      }
    }
  }
}
