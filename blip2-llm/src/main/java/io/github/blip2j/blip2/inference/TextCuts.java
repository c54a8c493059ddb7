package io.github.blip2j.blip2.inference;

import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs texts that are cut as in a model's reference, the first few as warnings. */
final class TextCuts {
  private static final Logger LOG = LoggerFactory.getLogger(TextCuts.class);
  private static final int ALOUD = 10; // a data set may have thousands

  private final AtomicInteger told = new AtomicInteger();

  /**
   * Logs a text that is cut.
   *
   * @param where the name of the text in messages
   * @param side the side that is cut off
   * @param how to keep the text whole
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
      LOG.warn("more texts are cut; each is logged at level DEBUG");
    }
  }
}
