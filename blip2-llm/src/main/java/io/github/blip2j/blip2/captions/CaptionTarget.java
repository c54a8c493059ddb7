package io.github.blip2j.blip2.captions;

import io.github.blip2j.blip2.text.Generated;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Where captions go, and which are there already. */
interface CaptionTarget extends AutoCloseable {
  /** Whether this picture has its caption from an earlier run. */
  boolean has(Path picture);

  /** Takes the texts about a picture, the best first. */
  void add(Path picture, List<Generated> texts) throws IOException;

  /** What was taken survives the end of the process. */
  void flush() throws IOException;

  @Override
  void close() throws IOException;
}
