package io.github.blip2j.training;

import java.util.List;

/** Samples that go through the model together. */
public interface Batch {
  /** One name for each sample, for messages about losses that are not finite. */
  List<String> ids();
}
