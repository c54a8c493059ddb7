package io.github.blip2j.cli.text;

import io.github.blip2j.blip2.text.Generated;
import java.util.List;

/** The output of texts: lines or JSON. */
sealed interface TextReport permits JsonReport, LineReport {
  /** Takes the texts about one image. */
  void add(String image, String prompt, List<Generated> texts);

  /** Called once, after the last image. */
  void finish();
}
