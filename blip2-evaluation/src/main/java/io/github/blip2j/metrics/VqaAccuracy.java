package io.github.blip2j.metrics;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The accuracy of answers, by the rules of each benchmark, within 0 and 1.
 *
 * <p>VQA's is min(1, n/3), where n people gave the answer, averaged over all subsets that leave one
 * person out (Antol et al. 2015, section 4).
 */
public final class VqaAccuracy {
  private static final double ENOUGH = 3; // people who make an answer right

  private VqaAccuracy() {}

  /**
   * VQA's official accuracy, as in LAVIS's {@code vqa_eval}. Unless all people agree, their answers
   * lose their punctuation; they never lose articles. A person is told apart from others by the
   * whole record, so without ids equal answers count as one person's.
   *
   * @throws IllegalArgumentException if there is no person's answer
   */
  public static double vqa(String answer, List<HumanAnswer> people) {
    requireAny(people);
    String given = VqaAnswerText.normalize(answer);
    boolean agreed = people.stream().map(HumanAnswer::answer).distinct().count() == 1;
    List<HumanAnswer> compared = new ArrayList<>();
    for (HumanAnswer each : people) {
      compared.add(
          agreed
              ? each
              : new HumanAnswer(
                  VqaAnswerText.withoutPunctuation(each.answer()), each.id(), each.confidence()));
    }
    Map<HumanAnswer, Integer> equals = new HashMap<>();
    compared.forEach(each -> equals.merge(each, 1, Integer::sum));
    long matching = compared.stream().filter(each -> each.answer().equals(given)).count();
    double sum = 0;
    for (HumanAnswer each : compared) {
      long own = each.answer().equals(given) ? equals.getOrDefault(each, 0) : 0;
      sum += Math.min(1, (matching - own) / ENOUGH);
    }
    return sum / compared.size();
  }

  /**
   * The accuracy of GQA as in LAVIS: 1 if both answers have the same normal form.
   *
   * @throws IllegalArgumentException if there is no answer, or more than one
   */
  public static double gqa(String answer, List<HumanAnswer> people) {
    if (people.size() != 1) {
      throw new IllegalArgumentException(
          "gqa: answers expected 1 of each question, got " + people.size());
    }
    String right =
        VqaAnswerText.withoutArticles(VqaAnswerText.withoutPunctuation(people.get(0).answer()));
    String given = VqaAnswerText.withoutArticles(VqaAnswerText.withoutPunctuation(answer));
    return given.equals(right) ? 1 : 0;
  }

  /**
   * The accuracy of A-OKVQA's direct answers (Schwenk et al. 2022): min(1, n/3), of texts as they
   * are.
   *
   * @throws IllegalArgumentException if there is no person's answer
   */
  public static double aokvqa(String answer, List<HumanAnswer> people) {
    requireAny(people);
    int matching = Collections.frequency(people.stream().map(HumanAnswer::answer).toList(), answer);
    return Math.min(1, matching / ENOUGH);
  }

  /** An accuracy in percent with two digits, rounded as Python's {@code round}. */
  public static double percent(double accuracy) {
    // The exact value of the double decides, so a tie is a tie in binary too.
    return new BigDecimal(100 * accuracy).setScale(2, RoundingMode.HALF_EVEN).doubleValue();
  }

  private static void requireAny(List<HumanAnswer> people) {
    if (people.isEmpty()) {
      throw new IllegalArgumentException(
          "vqa: answers of people expected at least 1 of each question, got none");
    }
  }
}
