package io.github.blip2j.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A source of a tensor's bytes, such as a position in a file. */
@FunctionalInterface
public interface ByteSource {
  /** Fills {@code into} with the bytes from {@code byteOffset} on. */
  void read(long byteOffset, ByteBuffer into) throws IOException;
}
