package io.github.blip2j.blip2.inference;

import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells of texts that lose a part because a model's reference cuts them, the first few aloud. */
final class TextCuts {
  private static final Logger LOG = LoggerFactory.getLogger(TextCuts.class);
  private static final int ALOUD = 10; // a data set may have thousands

  private final AtomicInteger told = new AtomicInteger();

  /**
   * Tells of one.
   *
   * @param where what the text is
   * @param side what it loses
   * @param how to keep it whole
   */
  void tell(String where, int tokens, int kept, String side, String how) {
    String text = "{}: text of {} tokens is cut to {}, it loses its {}; {}";
    Object[] values = {where, tokens, kept, side, how};
    int before = told.getAndIncrement();
    if (before < ALOUD) {
      LOG.warn(text, values);
    } else {
      LOG.debug(text, values);
    }
    if (before == ALOUD) {
      LOG.warn("more texts are cut; each is told at level DEBUG");
    }
  }
}
