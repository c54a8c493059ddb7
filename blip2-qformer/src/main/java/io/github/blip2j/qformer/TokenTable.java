package io.github.blip2j.qformer;

import io.github.blip2j.nn.Embedding;
import io.github.blip2j.nn.Params;

/** The use of BERT's token embedding, which decides how it is stored. */
enum TokenTable {
  /** Lookup only. */
  UNTIED,
  /** Lookup, and output matrix of the language-model head. */
  TIED;

  Embedding of(BertConfig config, Params params) {
    return this == TIED
        ? Embedding.tied(config.vocabSize(), config.dim(), params)
        : new Embedding(config.vocabSize(), config.dim(), params);
  }
}
