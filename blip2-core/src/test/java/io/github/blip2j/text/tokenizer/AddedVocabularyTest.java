package io.github.blip2j.text.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.text.tokenizer.TokenizerPipeline.SpecialTokenRule;
import io.github.blip2j.text.tokenizer.normalizer.Overrides;
import java.io.IOException;
import java.io.StringReader;
import org.junit.jupiter.api.Test;

/** Tokens beside a model's own. What is expected is what tokenizers 0.23.2 answers. */
final class AddedVocabularyTest {
  private static final String WORDS =
      "'model':{'type':'WordLevel','vocab':{'<unk>':0,'a':1,'b':2,'B':3},'unk_token':'<unk>'}";

  private static TokenizerPipeline pipeline(String json) throws IOException {
    return TokenizerPipeline.read(
        new StringReader(json.replace('\'', '"')), "t.json", Overrides.NONE);
  }

  private static String token(int id, String content, boolean normalized, boolean special) {
    return "{'id':"
        + id
        + ",'content':'"
        + content
        + "','single_word':false,'lstrip':false,'rstrip':false,'normalized':"
        + normalized
        + ",'special':"
        + special
        + "}";
  }

  @Test
  void decode_normalizedToken_isSpelledNormalized() throws IOException {
    TokenizerPipeline tokenizer =
        pipeline(
            "{'normalizer':{'type':'Lowercase'},'added_tokens':["
                + String.join(
                    ",",
                    token(3, "B", true, false),
                    token(4, "<TOK>", true, false),
                    token(5, "<UP>", false, false),
                    token(6, "<S>", true, true),
                    token(7, "<P>", false, true))
                + "],"
                + WORDS
                + "}");
    int[] ids = {4, 5, 3, 6, 7, 2};

    assertEquals("<tok> <UP> b <s> <P> b", tokenizer.decode(ids, SpecialTokenRule.KEEP));
    assertEquals("<tok> <UP> b <s> b", tokenizer.decode(ids, SpecialTokenRule.SKIP));
  }

  @Test
  void decode_tokenThatIsNormalizedToASpecialOne_isSkippedWithIt() throws IOException {
    TokenizerPipeline tokenizer =
        pipeline(
            "{'normalizer':{'type':'Lowercase'},'added_tokens':["
                + token(4, "<S>", true, false)
                + ","
                + token(5, "<s>", false, true)
                + "],"
                + WORDS
                + "}");
    int[] ids = {1, 4, 5, 2};

    assertEquals("a b", tokenizer.decode(ids, SpecialTokenRule.SKIP));
    assertEquals("a <s> <s> b", tokenizer.decode(ids, SpecialTokenRule.KEEP));
  }

  @Test
  void ids_behindAUnigramWithAPieceTwice_countItTwice() throws IOException {
    TokenizerPipeline tokenizer =
        pipeline(
            "{'added_tokens':["
                + token(4, "<tok>", false, false)
                + ","
                + token(5, "<q>", false, false)
                + "],'model':{'type':'Unigram','unk_id':0,"
                + "'vocab':[['<unk>',0.0],['a',-1.0],['a',-2.0],['b',-3.0]]}}");

    assertEquals(6, tokenizer.size());
    assertArrayEquals(new int[] {2, 3, 4, 5}, tokenizer.encode("ab<tok><q>"));
    assertEquals(
        "<unk> a a b <tok> <q>",
        tokenizer.decode(new int[] {0, 1, 2, 3, 4, 5}, SpecialTokenRule.KEEP));
  }
}
