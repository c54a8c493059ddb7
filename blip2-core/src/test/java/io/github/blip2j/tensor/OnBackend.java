package io.github.blip2j.tensor;

import io.github.blip2j.backend.Backend;

/** A test whose tensors are made on a backend of its choice, by {@link InScope}. */
public interface OnBackend {
  /** The backend of the tensors. */
  Backend backend();
}
