package io.github.blip2j.cli;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.Flavour;
import io.github.blip2j.blip2.LavisGeneration;
import io.github.blip2j.generation.Decoding;
import io.github.blip2j.llm.OptConfig;

/** What a text is for, which decides how it is decoded unless options say so. */
enum TextTask {
  CAPTION {
    @Override
    Decoding usual(Blip2 blip2) {
      return blip2.captionDecoding();
    }

    @Override
    Decoding ofLavis() {
      return LavisGeneration.caption(OptConfig.opt2b7());
    }
  },
  ANSWER {
    @Override
    Decoding usual(Blip2 blip2) {
      return blip2.answerDecoding();
    }

    @Override
    Decoding ofLavis() {
      return LavisGeneration.answer(OptConfig.opt2b7());
    }
  };

  /** What the loaded model does. */
  abstract Decoding usual(Blip2 blip2);

  abstract Decoding ofLavis();

  /** Nearly the same before it is loaded, to find contradictions early. */
  Decoding usual(Flavour flavour) {
    return flavour == Flavour.LAVIS ? ofLavis() : Decoding.greedy();
  }
}
