package io.github.blip2j.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Receives the bytes of a tensor, in order. */
@FunctionalInterface
public interface ByteSink {
  /** Receives the next bytes. */
  void write(ByteBuffer bytes) throws IOException;
}
