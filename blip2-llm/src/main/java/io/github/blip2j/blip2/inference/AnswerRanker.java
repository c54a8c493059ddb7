package io.github.blip2j.blip2.inference;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.text.CandidateRanking;
import io.github.blip2j.blip2.text.RankedCandidate;
import io.github.blip2j.blip2.text.ScoredText;
import io.github.blip2j.llm.SequenceScorer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Scores and ranks candidate texts after prompts: LAVIS's {@code predict_class}, and the
 * preselection of BLIP. Calls run while the model is held open, in the open scope.
 */
final class AnswerRanker {
  private final GenerationSession session;

  AnswerRanker(GenerationSession session) {
    this.session = session;
  }

  /** The log-probabilities of text i after prompt i, end token included. */
  List<ScoredText> score(EncodedPrompts prompts, List<String> texts) {
    List<List<int[]>> ids = new ArrayList<>();
    for (int b = 0; b < texts.size(); b++) {
      int[] one =
          session
              .prompts()
              .answerIds(prompts.where() + ": text", prompts.endings().get(b), texts.get(b));
      ids.add(List.of(withEnd(one)));
      requireRoom(prompts, "text", ids.get(b).get(0));
    }
    List<ScoredText> scored = new ArrayList<>();
    try (var off = GradMode.noGrad()) {
      List<List<float[]>> logs = scorer(prompts).of(ids);
      for (int b = 0; b < texts.size(); b++) {
        scored.add(scored(prompts, texts.get(b), ids.get(b).get(0), logs.get(b).get(0)));
      }
    }
    return List.copyOf(scored);
  }

  /** For each prompt its candidates, the best first; equals in the order given. */
  List<List<RankedCandidate>> rank(
      EncodedPrompts prompts, List<String> candidates, CandidateRanking order) {
    List<List<int[]>> ids = new ArrayList<>();
    for (String ending : prompts.endings()) {
      ids.add(candidateIds(prompts, ending, candidates, order));
    }
    List<List<RankedCandidate>> ranked = new ArrayList<>();
    try (var off = GradMode.noGrad()) {
      SequenceScorer scorer = scorer(prompts);
      List<List<Integer>> kept = preselected(scorer, ids, order.preselected());
      List<List<float[]>> logs = distinct(scorer, chosen(ids, kept));
      for (int b = 0; b < ids.size(); b++) {
        List<RankedCandidate> row = new ArrayList<>();
        for (int i = 0; i < kept.get(b).size(); i++) {
          int index = kept.get(b).get(i);
          row.add(
              new RankedCandidate(
                  index,
                  scored(
                      prompts, candidates.get(index), ids.get(b).get(index), logs.get(b).get(i))));
        }
        row.sort(Comparator.comparingDouble(answer -> -order.value(answer.scored())));
        ranked.add(List.copyOf(row));
      }
    }
    return List.copyOf(ranked);
  }

  private SequenceScorer scorer(EncodedPrompts prompts) {
    return session.model().sequenceScorer(prompts.images(), prompts.text());
  }

  private List<int[]> candidateIds(
      EncodedPrompts prompts, String ending, List<String> candidates, CandidateRanking order) {
    List<int[]> ids = new ArrayList<>();
    for (int i = 0; i < candidates.size(); i++) {
      String what = String.format(Locale.ROOT, "candidates[%d]", i);
      int[] tokens =
          session.prompts().answerIds(prompts.where() + ": " + what, ending, candidates.get(i));
      ids.add(order.withEnd() ? withEnd(tokens) : tokens);
      requireRoom(prompts, what, ids.get(i));
    }
    return ids;
  }

  /** Appends the end token, if the model has one. */
  private int[] withEnd(int[] tokens) {
    int[] ends = session.endIds();
    if (ends.length == 0) {
      return tokens;
    }
    int[] ended = Arrays.copyOf(tokens, tokens.length + 1);
    ended[tokens.length] = ends[0];
    return ended;
  }

  private void requireRoom(EncodedPrompts prompts, String what, int[] ids) {
    int room = session.model().language().roomAfter(prompts.positions());
    if (ids.length > room) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: %s expected at most %d tokens after a prompt of %d, got %d; shorten either",
              prompts.where(),
              what,
              room,
              prompts.longestText(),
              ids.length));
    }
  }

  /** The candidates of each prompt with the likeliest first tokens, in the order given. */
  private static List<List<Integer>> preselected(
      SequenceScorer scorer, List<List<int[]>> ids, int count) {
    List<List<Integer>> kept = new ArrayList<>();
    if (count >= ids.get(0).size()) {
      ids.forEach(row -> kept.add(IntStream.range(0, row.size()).boxed().toList()));
      return kept;
    }
    List<List<int[]>> firsts =
        ids.stream().map(row -> row.stream().map(text -> Arrays.copyOf(text, 1)).toList()).toList();
    for (List<float[]> logs : scorer.of(firsts)) {
      kept.add(
          IntStream.range(0, logs.size())
              .boxed()
              .sorted(Comparator.comparingDouble(i -> -logs.get(i)[0]))
              .limit(count)
              .sorted()
              .toList());
    }
    return kept;
  }

  private static List<List<int[]>> chosen(List<List<int[]>> ids, List<List<Integer>> kept) {
    List<List<int[]>> chosen = new ArrayList<>();
    for (int b = 0; b < ids.size(); b++) {
      chosen.add(kept.get(b).stream().map(ids.get(b)::get).toList());
    }
    return chosen;
  }

  /**
   * Log-probabilities as in {@link SequenceScorer#of}; equal texts are scored once, so that their
   * scores are bit-identical.
   */
  private static List<List<float[]>> distinct(SequenceScorer scorer, List<List<int[]>> texts) {
    List<Map<List<Integer>, Integer>> places = new ArrayList<>();
    List<List<int[]>> once = new ArrayList<>();
    for (List<int[]> row : texts) {
      Map<List<Integer>, Integer> ofRow = new LinkedHashMap<>();
      List<int[]> distinct = new ArrayList<>();
      for (int[] text : row) {
        if (ofRow.putIfAbsent(key(text), distinct.size()) == null) {
          distinct.add(text);
        }
      }
      places.add(ofRow);
      once.add(distinct);
    }
    List<List<float[]>> logs = scorer.of(once);
    List<List<float[]>> all = new ArrayList<>();
    for (int b = 0; b < texts.size(); b++) {
      Map<List<Integer>, Integer> ofRow = places.get(b);
      List<float[]> found = logs.get(b);
      all.add(
          texts.get(b).stream()
              .map(text -> found.get(Objects.requireNonNull(ofRow.get(key(text)))))
              .toList());
    }
    return all;
  }

  private static List<Integer> key(int[] ids) {
    return Arrays.stream(ids).boxed().toList();
  }

  private static ScoredText scored(EncodedPrompts prompts, String text, int[] ids, float[] logs) {
    List<Double> logProbabilities = new ArrayList<>();
    for (float log : logs) {
      if (Float.isNaN(log)) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "%s: log-probabilities of '%s' expected numbers, got NaN",
                prompts.where(),
                text));
      }
      logProbabilities.add((double) log);
    }
    return new ScoredText(text, key(ids), logProbabilities);
  }
}
