package io.github.blip2j.blip2.captions;

import io.github.blip2j.blip2.text.Generated;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** An output of captions, which knows the captions of earlier runs. */
interface CaptionTarget extends AutoCloseable {
  /** Whether an earlier run captioned this image. */
  boolean has(Path image) throws IOException;

  /** Adds the texts of an image, best first. */
  void add(Path image, List<Generated> texts) throws IOException;

  /** Makes the added texts survive the end of the process. */
  void flush() throws IOException;

  @Override
  void close() throws IOException;
}
