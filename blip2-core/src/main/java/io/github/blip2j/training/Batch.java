package io.github.blip2j.training;

import java.util.List;

/** Samples that go through the model together. */
public interface Batch {
  /** One name for each sample, for messages: what to look at when a loss is not a number. */
  List<String> ids();
}
