package io.github.blip2j.text.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/** Files that put one part of a tokenizer to the test, made of the golden ones. */
final class TokenizerVariants {
  static final Path GOLDEN = Path.of("src/test/resources/golden/tokenizers");
  private static final String WHOLE =
      "{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true,'use_regex':false}";
  private static final String BYTES =
      "{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true,'use_regex':false}";

  private final Map<String, String> variants = new LinkedHashMap<>();

  private TokenizerVariants() {}

  /** Names and files. */
  static Map<String, String> all() {
    var variants = new TokenizerVariants();
    variants.addNormalizers();
    variants.addPreTokenizers();
    variants.addRegexes();
    variants.addDecoders();
    variants.addAddedTokens();
    variants.addModels();
    return variants.variants;
  }

  static JsonObject golden(String name) {
    try {
      return JsonParser.parseString(Files.readString(GOLDEN.resolve(name + ".tokenizer.json")))
          .getAsJsonObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<String> addedTokens(String json) {
    return addedTokens(json, token -> true);
  }

  /** Those that are looked for in normalized text, of a file with a normalizer. */
  static List<String> normalizedTokens(String json) {
    JsonElement normalizer = JsonParser.parseString(json).getAsJsonObject().get("normalizer");
    return normalizer == null || normalizer.isJsonNull()
        ? List.of()
        : addedTokens(
            json, token -> token.has("normalized") && token.get("normalized").getAsBoolean());
  }

  private static List<String> addedTokens(String json, Predicate<JsonObject> wanted) {
    List<String> contents = new ArrayList<>();
    for (JsonElement token :
        JsonParser.parseString(json).getAsJsonObject().getAsJsonArray("added_tokens")) {
      if (wanted.test(token.getAsJsonObject())) {
        contents.add(token.getAsJsonObject().get("content").getAsString());
      }
    }
    return contents;
  }

  private static JsonElement json(String text) {
    return JsonParser.parseString(text.replace('\'', '"'));
  }

  private void add(String name, String golden, String... parts) {
    JsonObject file = golden(golden);
    for (int i = 0; i < parts.length; i += 2) {
      file.add(parts[i], json(parts[i + 1]));
    }
    variants.put(name, file.toString());
  }

  private void addNormalizers() {
    for (String type :
        List.of("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel")) {
      normalizer(type, "{'type':'" + type + "'}");
    }
    normalizer("Strip", "{'type':'Strip','strip_left':true,'strip_right':true}");
    normalizer("Strip left", "{'type':'Strip','strip_left':true,'strip_right':false}");
    normalizer("Prepend", "{'type':'Prepend','prepend':'x '}");
    normalizer("Replace", "{'type':'Replace','pattern':{'String':' '},'content':'__'}");
    normalizer(
        "Replace regex", "{'type':'Replace','pattern':{'Regex':'[ae]+|\\\\s'},'content':''}");
    for (String part :
        List.of("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")) {
      normalizer(
          "Bert " + part,
          String.format(
              Locale.ROOT,
              "{'type':'BertNormalizer','clean_text':%b,'handle_chinese_chars':%b,'strip_accents':%b,"
                  + "'lowercase':%b}",
              part.equals("clean_text"),
              part.equals("handle_chinese_chars"),
              part.equals("strip_accents"),
              part.equals("lowercase")));
    }
    normalizer(
        "Sequence",
        "{'type':'Sequence','normalizers':[{'type':'NFD'},{'type':'StripAccents'},"
            + "{'type':'Lowercase'},{'type':'Strip','strip_left':true,'strip_right':true}]}");
    normalizer(
        "Precompiled",
        "{'type':'Precompiled','precompiled_charsmap':'" + TinyCharsMap.base64() + "'}");
  }

  private void normalizer(String name, String normalizer) {
    add("normalizer " + name, "hf-opt", "normalizer", normalizer, "pre_tokenizer", BYTES);
  }

  private void addPreTokenizers() {
    for (String type :
        List.of("BertPreTokenizer", "Whitespace", "WhitespaceSplit", "UnicodeScripts")) {
      split(type, "{'type':'" + type + "'}");
    }
    for (String behavior :
        List.of("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous")) {
      split("Punctuation " + behavior, "{'type':'Punctuation','behavior':'" + behavior + "'}");
      for (String inverted : List.of("true", "false")) {
        split(
            "Split " + behavior + inverted,
            String.format(
                Locale.ROOT,
                "{'type':'Split','pattern':{'Regex':'[ae ]'},'behavior':'%s','invert':%s}",
                behavior,
                inverted));
      }
      split(
          "Split nothing " + behavior,
          String.format(
              Locale.ROOT,
              "{'type':'Split','pattern':{'Regex':'a*'},'behavior':'%s','invert':false}",
              behavior));
    }
    split(
        "Split text",
        "{'type':'Split','pattern':{'String':'a.'},'behavior':'Removed','invert':false}");
    split("Digits", "{'type':'Digits','individual_digits':false}");
    split("Digits apart", "{'type':'Digits','individual_digits':true}");
    split("CharDelimiterSplit", "{'type':'CharDelimiterSplit','delimiter':'e'}");
    for (String scheme : List.of("always", "first", "never")) {
      for (String splits : List.of("true", "false")) {
        String metaspace =
            String.format(
                Locale.ROOT,
                "{'type':'Metaspace','replacement':'\u2581','prepend_scheme':'%s','split':%s}",
                scheme,
                splits);
        split("Metaspace " + scheme + splits, metaspace);
        add(
            "Metaspace " + scheme + splits + " behind others",
            "hf-opt",
            "normalizer",
            "{'type':'Sequence','normalizers':[{'type':'NFKD'},"
                + "{'type':'Strip','strip_left':true,'strip_right':false}]}",
            "pre_tokenizer",
            sequence("{'type':'Punctuation','behavior':'Isolated'}," + metaspace));
      }
    }
    split(
        "ByteLevel",
        "{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true,'use_regex':true}");
    add(
        "ByteLevel prefixed",
        "hf-opt",
        "pre_tokenizer",
        "{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true,'use_regex':true}");
  }

  private void split(String name, String preTokenizer) {
    add("pre_tokenizer " + name, "hf-opt", "pre_tokenizer", sequence(preTokenizer));
  }

  /** Every part is put behind a space, so that its edges can be seen. */
  private static String sequence(String preTokenizers) {
    return "{'type':'Sequence','pretokenizers':[" + preTokenizers + "," + WHOLE + "]}";
  }

  private void addRegexes() {
    int number = 0;
    for (String regex :
        List.of(
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
                + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
            "[^\\r"
                + "\\n"
                + "\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t)?|\\p{N}{1,3}|"
                + " ?[^\\s\\p{L}\\p{N}]+[\\r"
                + "\\n"
                + "/]*|\\s+(?!\\S)|\\s+",
            "\\w+|[^\\w\\s]+",
            "[\\p{P}\\p{S}]",
            "\\p{Han}+",
            "[[:alpha:]]+|[[:digit:]]",
            "[[:punct:]]|[[:space:]]+",
            "[a-m&&[^c-e]]+",
            "[^a-z[:space:]]",
            "\\bre|ed\\b",
            "\\Ba",
            "^.|.$",
            "\\A.|.\\z|.\\Z",
            "(?<=a)[^a]|[^a](?=e)",
            "(?<!\\s)(?<x>o|e)(?!d)",
            "(?i)CIRCLE|photo",
            "(?m:a.)",
            "(?>a+)e|(?:re)+?d",
            "a++|e{2}|\\d{2,}|o{,2}p",
            "\\h{2,3}|\\x41|\\u00e9|\\x{1F44D}",
            "[\\t\\n\\r\\f\\v\\a\\e]|\\t",
            "\\p{^L}|\\P{N}a",
            "[\\-\\]\\[a]|[]x]|[a-]",
            "a(?i)b|RED",
            "(a|e|o|ph)*t|( |  )*c")) {
      JsonObject split = new JsonObject();
      split.addProperty("type", "Split");
      JsonObject pattern = new JsonObject();
      pattern.addProperty("Regex", regex);
      split.add("pattern", pattern);
      split.addProperty("behavior", "Isolated");
      split.addProperty("invert", false);
      JsonObject file = golden("hf-opt");
      JsonObject sequence = json("{'type':'Sequence'}").getAsJsonObject();
      JsonArray parts = new JsonArray();
      parts.add(split);
      parts.add(json(WHOLE));
      sequence.add("pretokenizers", parts);
      file.add("pre_tokenizer", sequence);
      variants.put("regex " + number++ + " " + regex, file.toString());
    }
  }

  private void addDecoders() {
    List<String> decoders =
        List.of(
            "null",
            "{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true,'use_regex':true}",
            "{'type':'WordPiece','prefix':'##','cleanup':true}",
            "{'type':'WordPiece','prefix':'a','cleanup':false}",
            "{'type':'Metaspace','replacement':'\u2581','prepend_scheme':'always','split':true}",
            "{'type':'Metaspace','replacement':'a','prepend_scheme':'first','split':false}",
            "{'type':'Metaspace','replacement':'a','prepend_scheme':'never','split':true}",
            "{'type':'ByteFallback'}",
            "{'type':'Fuse'}",
            "{'type':'Strip','content':'a','start':1,'stop':0}",
            "{'type':'Replace','pattern':{'String':'\u2581'},'content':' '}",
            "{'type':'Replace','pattern':{'Regex':'[aeiou]+'},'content':'<>'}",
            "{'type':'CTC','pad_token':'a','word_delimiter_token':'e','cleanup':true}",
            "{'type':'CTC','pad_token':'<pad>','word_delimiter_token':'|','cleanup':false}",
            "{'type':'Sequence','decoders':[{'type':'Replace','pattern':{'String':'\u2581'},"
                + "'content':' '},{'type':'ByteFallback'},{'type':'Fuse'},"
                + "{'type':'Strip','content':' ','start':1,'stop':0}]}");
    for (String golden : List.of("hf-opt", "hf-t5", "lavis-stage1")) {
      int number = 0;
      for (String decoder : decoders) {
        add(
            String.format(Locale.ROOT, "decoder %d of %s", number++, golden),
            golden,
            "decoder",
            decoder);
      }
    }
  }

  private void addAddedTokens() {
    StringBuilder tokens = new StringBuilder();
    int id = 420;
    for (String[] token :
        new String[][] {
          {"<image>", "00001"},
          {"<lone>", "10000"},
          {"<left>", "01000"},
          {"<right>", "00100"},
          {"<both>", "11111"},
          {"Red Circle", "00010"},
          {"\u00c9t\u00e9", "10010"},
          {"two", "00011"},
          {" of ", "01110"},
          {"<im", "00000"},
          {"<<", "00010"},
        }) {
      String flags = token[1];
      tokens.append(
          String.format(
              Locale.ROOT,
              "%s{'id':%d,'content':'%s','single_word':%b,'lstrip':%b,'rstrip':%b,'normalized':%b,"
                  + "'special':%b}",
              tokens.length() == 0 ? "" : ",",
              id++,
              token[0],
              flags.charAt(0) == '1',
              flags.charAt(1) == '1',
              flags.charAt(2) == '1',
              flags.charAt(3) == '1',
              flags.charAt(4) == '1'));
    }
    String all = "[" + tokens + "]";
    add("added tokens", "hf-opt", "added_tokens", all);
    add(
        "added tokens normalized",
        "hf-opt",
        "added_tokens",
        all,
        "normalizer",
        "{'type':'Sequence','normalizers':[{'type':'NFD'},{'type':'Lowercase'}]}");
    add(
        "added tokens with a mark before the first text",
        "hf-opt",
        "added_tokens",
        all,
        "pre_tokenizer",
        sequence("{'type':'Metaspace','replacement':'_','prepend_scheme':'first','split':true}"));
    add(
        "specials around",
        "hf-opt",
        "post_processor",
        "{'type':'Sequence','processors':[{'type':'ByteLevel','add_prefix_space':true,"
            + "'trim_offsets':false,'use_regex':true},{'type':'RobertaProcessing',"
            + "'sep':['</s>',2],'cls':['<s>',0],'trim_offsets':true,'add_prefix_space':false}]}");
    add(
        "specials of BERT",
        "lavis-stage1",
        "post_processor",
        "{'type':'BertProcessing','sep':['[SEP]',3],'cls':['[CLS]',2]}");
  }

  private void addModels() {
    String merges = "'merges':[['a','b'],['ab','c'],['b','c'],['c','d</w>'],['<unk>','a']]";
    String vocab =
        "'vocab':{'<unk>':0,'a':1,'b':2,'c':3,'d':4,'ab':5,'abc':6,'bc':7,'d</w>':8,'cd</w>':9,"
            + "'a</w>':10,' ':11,'e':12,'<unk>a':13,'<0x41>':14,'<0xC3>':15,'<0xA9>':16,'o':17,"
            + "'t':18,'photo':19}";
    for (String flags :
        List.of(
            "'fuse_unk':true,'byte_fallback':false",
            "'fuse_unk':false,'byte_fallback':false",
            "'fuse_unk':true,'byte_fallback':true",
            "'fuse_unk':false,'byte_fallback':true,'ignore_merges':true",
            "'end_of_word_suffix':'</w>'")) {
      model(
          "BPE " + flags,
          "{'type':'BPE','unk_token':'<unk>'," + flags + "," + vocab + "," + merges + "}");
    }
    model(
        "BPE without unknown", "{'type':'BPE','byte_fallback':false," + vocab + "," + merges + "}");
    model(
        "BPE with a prefix",
        "{'type':'BPE','unk_token':'<unk>','continuing_subword_prefix':'##','vocab':{'<unk>':0,"
            + "'a':1,'##b':2,'##c':3,'ab':4,'abc':5,'##bc':6,'##a':7},"
            + "'merges':['a ##b','ab ##c','##b ##c']}");
    model(
        "WordPiece",
        "{'type':'WordPiece','unk_token':'?','continuing_subword_prefix':'_',"
            + "'max_input_chars_per_word':6,'vocab':{'?':0,'a':1,'_b':2,'ph':3,'_o':4,'_to':5,"
            + "'_t':6,'\u00e9':7,'r':8,'_ed':9,'_e':10}}");
    model("WordLevel", "{'type':'WordLevel','unk_token':'?','vocab':{'?':0,'a':1,'photo':2}}");
    for (String fallback : List.of("true", "false")) {
      model(
          "Unigram " + fallback,
          String.format(
              Locale.ROOT,
              "{'type':'Unigram','unk_id':1,'byte_fallback':%s,'vocab':[['a',-2.5],['<unk>',0.0],"
                  + "['photo',-3.0],['ph',-2.0],['o',-1.5],['to',-2.25],['ot',-2.0],['t',-1.0],"
                  + "['\u00e9',-3.0],['<0xC3>',-9.0],['<0xA9>',-9.5],['e',-1.25],['aa',-4.0]]}",
              fallback));
    }
  }

  private void model(String name, String model) {
    add(
        "model " + name,
        "hf-opt",
        "model",
        model,
        "added_tokens",
        "[]",
        "post_processor",
        "null",
        "pre_tokenizer",
        "{'type':'WhitespaceSplit'}",
        "decoder",
        "null");
  }
}
