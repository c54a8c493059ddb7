package io.github.blip2j.blip2.captions;

import io.github.blip2j.blip2.text.Generated;
import java.nio.file.Path;
import java.util.List;

/** The output of a rank that writes nothing, as the first does. */
final class NoCaptions implements CaptionTarget {
  @Override
  public boolean has(Path image) {
    return false;
  }

  @Override
  public void add(Path image, List<Generated> texts) {
    // The first rank writes them.
  }

  @Override
  public void flush() {
    // Nothing is written.
  }

  @Override
  public void close() {
    // Nothing is open.
  }
}
