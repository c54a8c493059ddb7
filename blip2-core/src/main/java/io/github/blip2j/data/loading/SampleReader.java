package io.github.blip2j.data.loading;

import java.io.IOException;

/** Reads the sample at a place of an epoch. It may be called by several threads at once. */
@FunctionalInterface
public interface SampleReader<T> {
  /** The sample at a place; the same whenever and wherever it is read. */
  T read(int place) throws IOException;
}
