package io.github.blip2j.examples;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.text.CandidateRanking;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.blip2.text.RankedCandidate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Ranks answers to a question by probability: {@code RankAnswers IMAGE QUESTION CANDIDATE...}. */
public final class RankAnswers {
  private RankAnswers() {}

  /** Prints the candidates and their log-probabilities, the best first. */
  public static void main(String[] args) throws IOException {
    List<String> candidates = List.of(args).subList(2, args.length);
    try (Blip2 blip2 = Blip2.bundled()) { // or Blip2.load(Path.of("blip2-opt-2.7b"))
      String question = blip2.questions().ask(args[1]);
      Prompt prompt = Prompt.about(blip2.read(Path.of(args[0])), question);

      for (RankedCandidate answer : blip2.rank(prompt, candidates, CandidateRanking.bySum())) {
        System.out.printf(Locale.ROOT, "%.3f %s%n", answer.sum(), answer.text());
      }
    }
  }
}
