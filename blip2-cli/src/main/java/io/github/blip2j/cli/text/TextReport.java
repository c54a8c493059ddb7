package io.github.blip2j.cli.text;

import io.github.blip2j.blip2.text.Generated;
import java.util.List;

/** Where the texts go. */
sealed interface TextReport permits JsonReport, LineReport {
  /** Takes the texts about one image. */
  void add(String image, String prompt, List<Generated> texts);

  /** After the last image. */
  void finish();
}
