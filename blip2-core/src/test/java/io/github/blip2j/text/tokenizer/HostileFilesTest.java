package io.github.blip2j.text.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.text.tokenizer.normalizer.Overrides;
import io.github.blip2j.text.tokenizer.pattern.FilePattern;
import java.io.IOException;
import java.io.StringReader;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that abort the process which gives them to the native library, or never come back. */
final class HostileFilesTest {

  static Stream<Arguments> refused() {
    return Stream.of(
        arguments(
            "normalizer",
            "{'type':'Precompiled','precompiled_charsmap':'AAAA'}",
            "normalizer: precompiled_charsmap: a trie expected behind its size, got 3 bytes in"
                + " all"),
        arguments(
            "normalizer",
            "{'type':'Precompiled','precompiled_charsmap':'/////w=='}",
            "normalizer: precompiled_charsmap: a trie expected of 4294967295 bytes, got 0 that"
                + " follow"),
        arguments(
            "normalizer",
            "{'type':'Precompiled','precompiled_charsmap':'?'}",
            "normalizer: precompiled_charsmap: base64 expected, got other text"),
        arguments(
            "normalizer",
            "{'type':'Replace','pattern':{'String':''},'content':'x'}",
            "normalizer: pattern expected something to replace, got \"\""),
        arguments(
            "normalizer",
            "{'type':'Upside'}",
            "normalizer: normalizer expected to be a supported one, got Upside"),
        arguments("normalizer", "7", "normalizer expected an object, got 7.0"),
        arguments("normalizer", "{}", "normalizer.type is missing"),
        arguments(
            "decoder",
            deep("decoders", "{'type':'Fuse'}", 21),
            "decoder"
                + ".decoders[0]".repeat(20)
                + ": at most 20 sequences within another, got more"),
        arguments(
            "pre_tokenizer",
            "{'type':'Sequence','pretokenizers':[{'type':'Split','pattern':{'Regex':'(a'},"
                + "'behavior':'Removed'}]}",
            "pre_tokenizer.pretokenizers[0].pattern: a supported regular expression expected with a"
                + " group that closes at 2, got (a"),
        arguments(
            "pre_tokenizer",
            "{'type':'FixedLength','length':0}",
            "pre_tokenizer: length expected at least 1, got 0"),
        arguments(
            "post_processor",
            "{'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'NOPE','type_id':0}},"
                + "{'Sequence':{'id':'A','type_id':0}}],'pair':[],'special_tokens':{}}",
            "post_processor: special_tokens expected \"NOPE\", which the template names"),
        arguments(
            "post_processor",
            "{'type':'TemplateProcessing','single':[],'pair':[],'special_tokens':{}}",
            "post_processor: single expected sequence A, got none"),
        arguments(
            "model",
            "{'type':'BPE','continuing_subword_prefix':'####','vocab':{'a':0},'merges':['a a']}",
            "model: merges[0] expected its second token to begin with \"####\", got \"a\""),
        arguments(
            "model",
            "{'type':'BPE','vocab':{'a':0},'merges':['a a']}",
            "model: merges expected tokens of the vocabulary, got \"aa\""),
        arguments(
            "model",
            "{'type':'BPE','vocab':{'a':0},'merges':['a  a']}",
            "model.merges[0] expected two tokens around a space, got \"a  a\""),
        arguments(
            "model",
            "{'type':'Unigram','unk_id':3,'vocab':[['a',0]]}",
            "model: unk_id expected below 1, got 3"),
        arguments(
            "model",
            "{'type':'WordPiece','vocab':{'a':-1}}",
            "token ids expected 0 or more, got -1"),
        arguments(
            "model",
            "{'type':'Quantum','vocab':{'a':0}}",
            "model: model expected to be a supported one, got Quantum"),
        arguments(
            "model",
            "{'type':'WordLevel','vocab':{'\\ud800':0}}",
            "text expected, got half a surrogate pair at 0 of a string"));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void read_hostilePart_namesIt(String key, String part, String message) {
    JsonObject file = TokenizerVariants.golden("hf-opt");
    file.add(key, JsonParser.parseString(part.replace('\'', '"')));

    var e = assertThrows(CheckpointException.class, () -> open(file.toString()));

    assertEquals("t.json: " + message, e.getMessage());
  }

  @Test
  void read_rawControlOrDeepNesting_isMalformed() {
    String json = TokenizerVariants.golden("hf-opt").toString();

    for (String broken :
        new String[] {
          json.replace("\"decoder\":{", "\"decoder\":{\"\u0003\":1,"),
          json.replace("\"decoder\":{", "\"decoder\":{\"x\":" + "[".repeat(5000) + ","),
          json + "{}",
        }) {
      var e = assertThrows(CheckpointException.class, () -> open(broken));
      assertEquals(
          "t.json: JSON expected, got malformed text; copy the file again", e.getMessage());
    }
  }

  @Test
  void encode_expressionOfExponentialTime_endsInWords() throws IOException {
    TokenizerPipeline tokenizer = splitting("x*x*x*x*x*x*x*x*x*y");

    var e = assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("x".repeat(500)));

    assertEquals(
        "tokenizer: text expected to take at most 50250000 steps, got more; its file asks for too"
            + " much with this text",
        e.getMessage());
  }

  @Test
  void encode_expressionThatRecurses_endsInWords() throws IOException {
    TokenizerPipeline tokenizer = splitting("(a|bc|d)*e");

    var e =
        assertThrows(
            IllegalArgumentException.class, () -> tokenizer.encode("abcd".repeat(100_000)));

    assertTrue(String.valueOf(e.getMessage()).startsWith("tokenizer: text "), e.getMessage());
  }

  @Test
  void encode_replacementsThatGrowWithoutEnd_endInWords() throws IOException {
    String once = "{'type':'Replace','pattern':{'String':'a'},'content':'aaaaaaaaaa'}";
    JsonObject file = TokenizerVariants.golden("hf-opt");
    file.add(
        "normalizer",
        JsonParser.parseString(
            ("{'type':'Sequence','normalizers':[" + (once + ",").repeat(40) + once + "]}")
                .replace('\'', '"')));
    TokenizerPipeline tokenizer = open(file.toString());

    assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("a"));
  }

  @Test
  void encode_wordThatCannotBeWritten_namesTheUnknownToken() throws IOException {
    JsonObject file = TokenizerVariants.golden("lavis-stage1");
    file.getAsJsonObject("model").addProperty("unk_token", "zzz");
    TokenizerPipeline tokenizer = open(file.toString());

    var e = assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("\u4e2d"));

    assertEquals(
        "tokenizer: WordPiece model expected an unknown token for words it lacks, got \"zzz\","
            + " which its vocabulary lacks too",
        e.getMessage());
  }

  static Stream<String> unsupported() {
    return Stream.of(
        "\\Ga",
        "(a)\\1",
        "(?x)a b",
        "a\\K",
        "\\X",
        "(?~ab)",
        "(?(1)a|b)",
        "\\p{Nope}",
        "[b-a]",
        "*a",
        "a)",
        "[a",
        "\\",
        "a{3,2}",
        "(?<name",
        "\\xFF",
        "[[:nope:]]",
        "\\k<a>",
        "\\g<0>");
  }

  @ParameterizedTest
  @MethodSource("unsupported")
  void regex_thatIsUnsupportedOrNone_isRefused(String regex) {
    var e = assertThrows(IllegalArgumentException.class, () -> FilePattern.regex(regex));

    assertTrue(String.valueOf(e.getMessage()).contains("regular expression"), e.getMessage());
  }

  private static TokenizerPipeline splitting(String regex) throws IOException {
    JsonObject split =
        JsonParser.parseString(
                "{'type':'Split','behavior':'Isolated','invert':false}".replace('\'', '"'))
            .getAsJsonObject();
    JsonObject pattern = new JsonObject();
    pattern.addProperty("Regex", regex);
    split.add("pattern", pattern);
    JsonObject file = TokenizerVariants.golden("hf-opt");
    file.add("pre_tokenizer", split);
    return open(file.toString());
  }

  private static String deep(String key, String inner, int times) {
    return ("{'type':'Sequence','" + key + "':[").repeat(times) + inner + "]}".repeat(times);
  }

  private static TokenizerPipeline open(String json) throws IOException {
    return TokenizerPipeline.read(new StringReader(json), "t.json", Overrides.NONE);
  }
}
