package io.github.blip2j.metrics;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reduces the words of an answer to their base form: plurals to the singular, {@code riding} to
 * {@code ride}. BLIP-2's answers to OK-VQA and A-OKVQA are scored after such a step, because the
 * people's answers there are base forms.
 *
 * <p>Differs from LAVIS, which takes spaCy's tagger and lemmas of nouns and verbs: here are rules
 * and lists for English, without a tagger. Words that end in {@code -ed} stay, because most of them
 * are adjectives in answers; a word in {@code -ing} that is usually a noun stays too.
 */
public final class AnswerLemmatizer {
  private static final Map<String, String> IRREGULAR =
      pairs(
          "men man women woman children child feet foot teeth tooth mice mouse geese goose oxen ox"
              + " knives knife wives wife lives life leaves leaf loaves loaf shelves shelf wolves"
              + " wolf calves calf halves half scarves scarf hooves hoof elves elf thieves thief"
              + " dice die cacti cactus fungi fungus buses bus gases gas lenses lens axes axe shoes"
              + " shoe horses horse houses house noses nose roses rose vases vase hoses hose purses"
              + " purse cases case bases base nurses nurse cheeses cheese blouses blouse movies"
              + " movie cookies cookie zombies zombie hoodies hoodie smoothies smoothie brownies"
              + " brownie pies pie ties tie dies die lies lie ate eat eaten eat drank drink ran run"
              + " flew fly flown fly swam swim threw throw thrown throw caught catch fell fall"
              + " fallen fall gave give given give went go gone go took take taken take wore wear"
              + " sang sing rode ride ridden ride drove drive slept sleep stood stand sat sit held"
              + " hold brought bring bought buy made make skiing ski dying die lying lie tying tie"
              + " being be seeing see agreeing agree");

  /** Words that end like a plural or a verb and are none. */
  private static final Set<String> BASE =
      words(
          "yes this his its is was has as us bus gas lens plus minus always perhaps news christmas"
              + " canvas atlas texas kansas vegas las dallas paris illinois arkansas tennis series"
              + " species chess iris basis swiss les mars asparagus hummus octopus circus cactus"
              + " hibiscus eucalyptus virus campus olympics physics mathematics athletics politics"
              + " morning evening building ceiling wedding painting clothing string ring king wing"
              + " spring thing something anything nothing everything railing awning pudding"
              + " frosting icing earring during dressing sling bling ping sting swing cling bring"
              + " fling duckling sibling darling sterling herring viking beijing boeing outing");

  /** Verbs in {@code -ing} whose base form ends in e although two vowels or consonants precede. */
  private static final Set<String> WITH_E =
      words(
          "danc rac bounc balanc charg chas brows cleans exercis handl juggl wrestl paddl cycl"
              + " bicycl rais leav cruis squeez breath driv practic referenc produc reduc judg"
              + " bridg serv curv mov lov prov tast past wast snooz freez sneez chang arrang"
              + " surpris loung plung nurs us hous argu glu continu valu rescu");

  private AnswerLemmatizer() {}

  /** The answer with each word in its base form. */
  public static String lemmatize(String answer) {
    return Arrays.stream(answer.split(" ", -1))
        .map(AnswerLemmatizer::base)
        .collect(Collectors.joining(" "));
  }

  private static String base(String word) {
    String lower = word.toLowerCase(Locale.ROOT);
    if (!lower.equals(word) || BASE.contains(word)) {
      return word; // names keep their form
    }
    String irregular = IRREGULAR.get(word);
    if (irregular != null) {
      return irregular;
    }
    if (word.length() > 4 && word.endsWith("ing")) {
      return ofIng(word, word.substring(0, word.length() - 3));
    }
    return word.length() > 2 && word.endsWith("s") ? ofPlural(word) : word;
  }

  private static String ofPlural(String word) {
    String stem = word.substring(0, word.length() - 1);
    if (stem.endsWith("s") || stem.endsWith("u") || stem.endsWith("i") || stem.endsWith("'")) {
      return word; // glass, cactus, tennis, dog's
    }
    if (stem.endsWith("ie")) {
      return word.substring(0, word.length() - 3) + "y";
    }
    boolean hissing =
        stem.endsWith("sse")
            || stem.endsWith("she")
            || stem.endsWith("che")
            || stem.endsWith("xe")
            || stem.endsWith("zze")
            || stem.endsWith("oe");
    return hissing ? stem.substring(0, stem.length() - 1) : stem;
  }

  private static String ofIng(String word, String stem) {
    if (!hasVowel(stem)) {
      return word;
    }
    if (WITH_E.contains(stem)) {
      return stem + "e";
    }
    int last = stem.length() - 1;
    char end = stem.charAt(last);
    boolean doubled = last > 1 && stem.charAt(last - 1) == end;
    if (doubled) {
      return "lszf".indexOf(end) >= 0 ? stem : stem.substring(0, last);
    }
    boolean shortVowel =
        last > 0
            && !isVowel(end)
            && "wxy".indexOf(end) < 0
            && isVowel(stem.charAt(last - 1))
            && (last == 1 || !isVowel(stem.charAt(last - 2)))
            && syllables(stem) == 1;
    boolean always = end == 'v' || end == 'u' || (stem.endsWith("at") && syllables(stem) > 1);
    return shortVowel || always ? stem + "e" : stem;
  }

  private static int syllables(String stem) {
    int count = 0;
    for (int i = 0; i < stem.length(); i++) {
      count += isVowel(stem.charAt(i)) && (i == 0 || !isVowel(stem.charAt(i - 1))) ? 1 : 0;
    }
    return count;
  }

  private static boolean hasVowel(String stem) {
    return stem.chars().anyMatch(letter -> isVowel((char) letter) || letter == 'y');
  }

  private static boolean isVowel(char letter) {
    return "aeiou".indexOf(letter) >= 0;
  }

  private static Map<String, String> pairs(String text) {
    String[] words = text.split(" ", -1);
    Map<String, String> pairs = new HashMap<>();
    for (int i = 0; i < words.length; i += 2) {
      pairs.put(words[i], words[i + 1]);
    }
    return Map.copyOf(pairs);
  }

  private static Set<String> words(String text) {
    return Set.copyOf(Arrays.asList(text.split(" ", -1)));
  }
}
