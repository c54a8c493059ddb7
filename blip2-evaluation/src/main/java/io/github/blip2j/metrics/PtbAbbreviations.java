package io.github.blip2j.metrics;

/**
 * Abbreviations that keep their period: those of which CoreNLP 3.4.1 keeps it, found by tokenizing
 * all words of up to three letters and a dictionary's.
 */
final class PtbAbbreviations {
  /** In any case. */
  private static final String ANYWHERE =
      "adj adm adv al ala alex apr ariz assn assoc asst atty aug ave bhd bldg blvd brig "
          + "bros calif capt cf cie cmdr co col colo comdr conn corp cos cpl ct dak dec dept "
          + "det dr drs ens esq est etc ext feb fla fri ft ga gen gov hon inc ind insp intl "
          + "invt jan jos jr jul jun kan kans ky lieut lt ltd maj mar md messrs mfg mich minn "
          + "mlle mme mo mon mont mr mrs ms msgr mt mtg natl neb nev nov oct okla penn pfc ph "
          + "plc pres prof profs pte pty pvt rd rep reps rev rt sen sens sep sept seq sfc sgt "
          + "spc sq sr st ste supt sys tel tenn thu thurs treas tue tues univ va vs vt wed "
          + "wis wisc wm wyo";

  /** With a capital letter. */
  private static final String WITH_CAPITAL = "ark az del ill la mass miss ore pa tex wash";

  /** Before a number. */
  private static final String BEFORE_NUMBER = "art ca fig figs no nos op pp prop";

  /** An abbreviation with its period. */
  static final String PATTERN =
      "(?:(?i:"
          + either(ANYWHERE)
          + ")\\.|(?=\\p{Lu})(?i:"
          + either(WITH_CAPITAL)
          + ")\\.|(?i:"
          + either(BEFORE_NUMBER)
          + ")\\.(?=\\s?\\p{Nd}))";

  private PtbAbbreviations() {}

  private static String either(String words) {
    return words.replace(' ', '|');
  }
}
