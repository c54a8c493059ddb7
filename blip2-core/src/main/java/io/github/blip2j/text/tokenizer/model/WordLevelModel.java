package io.github.blip2j.text.tokenizer.model;

import io.github.blip2j.text.tokenizer.pattern.Budget;

/** A model whose tokens are whole words. */
record WordLevelModel(Vocabulary vocabulary, String unknown) implements Model {
  @Override
  public void tokenize(String word, Budget budget, IdList out) {
    int id = vocabulary.idOrNone(word);
    if (id < 0) {
      id = vocabulary.idOrNone(unknown);
    }
    if (id < 0) {
      throw Model.unknown(type(), unknown);
    }
    out.add(id);
  }

  @Override
  public String type() {
    return "WordLevel";
  }
}
