package io.github.blip2j.cli.text;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.inference.LavisGenerationConfigs;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.llm.opt.OptConfig;

/** What a text is for, which decides how it is decoded unless options say so. */
enum TextTask {
  CAPTION {
    @Override
    GenerationConfig usual(Blip2 blip2) {
      return blip2.captionConfig();
    }

    @Override
    GenerationConfig ofLavis() {
      return LavisGenerationConfigs.caption(OptConfig.opt2b7());
    }
  },
  ANSWER {
    @Override
    GenerationConfig usual(Blip2 blip2) {
      return blip2.answerConfig();
    }

    @Override
    GenerationConfig ofLavis() {
      return LavisGenerationConfigs.answer(OptConfig.opt2b7());
    }
  };

  /** What the loaded model does. */
  abstract GenerationConfig usual(Blip2 blip2);

  abstract GenerationConfig ofLavis();

  /** Nearly the same before it is loaded, to find contradictions early. */
  GenerationConfig usual(Convention flavour) {
    return flavour == Convention.LAVIS ? ofLavis() : GenerationConfig.greedy();
  }
}
