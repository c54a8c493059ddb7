package io.github.blip2j.cli.text;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.inference.LavisGenerationConfigs;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.llm.opt.OptConfig;

/** The purpose of a text, which decides how it is decoded unless options do. */
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

  /** The defaults of the loaded model. */
  abstract GenerationConfig usual(Blip2 blip2);

  abstract GenerationConfig ofLavis();

  /** Close to the loaded model's defaults before it is loaded, to find contradictions early. */
  GenerationConfig usual(Convention convention) {
    return convention == Convention.LAVIS ? ofLavis() : GenerationConfig.greedy();
  }
}
