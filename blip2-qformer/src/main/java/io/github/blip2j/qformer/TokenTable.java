package io.github.blip2j.qformer;

import io.github.blip2j.nn.Embedding;
import io.github.blip2j.nn.Params;

/** What a BERT's table of words is for, and so how it is stored. */
enum TokenTable {
  /** Looking words up. */
  UNTIED,
  /** Looking words up and scoring them: the language-model head's last matrix too. */
  TIED;

  Embedding of(BertConfig config, Params params) {
    return this == TIED
        ? Embedding.tied(config.vocabSize(), config.dim(), params)
        : new Embedding(config.vocabSize(), config.dim(), params);
  }
}
