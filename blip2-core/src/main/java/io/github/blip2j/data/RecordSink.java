package io.github.blip2j.data;

import java.io.IOException;

/** Takes records with the objects that they were made of, one after the other. */
@FunctionalInterface
interface RecordSink {
  /** Takes a record. */
  void accept(DataRecord each, RecordObject from) throws IOException;
}
