package io.github.blip2j.generation;

import io.github.blip2j.generation.logits.LogSoftmax;
import io.github.blip2j.generation.logits.TokenHistory;
import io.github.blip2j.generation.logits.TokenSampler;
import java.util.ArrayList;
import java.util.List;

/**
 * Greedy decoding and sampling: token by token, each final once it is chosen.
 *
 * <p>Finished rows leave the model's batch. If several sequences are returned for each prompt, all
 * of them choose their first token from the logits of the one prompt row.
 */
final class AncestralDecoder {
  private final GenerationRules rules;
  private final ModelRows model;
  private final TokenStreamer listener;
  private final float[] scores; // [V], a copy that is processed in place

  AncestralDecoder(GenerationRules rules, ModelRows model, TokenStreamer listener) {
    this.rules = rules;
    this.model = model;
    this.listener = listener;
    this.scores = new float[model.vocabSize()];
  }

  List<List<Sequence>> decode(List<TokenHistory> prompts) {
    List<Line> lines = linesOf(prompts);
    List<Line> open = lines;
    float[][] logits = model.start(); // [B][V]
    while (true) {
      for (Line line : open) {
        extend(line, logits[line.row]);
      }
      open = open.stream().filter(line -> !rules.isLast(line.history)).toList();
      if (open.isEmpty()) {
        return sequences(lines);
      }
      logits = next(open);
    }
  }

  private List<Line> linesOf(List<TokenHistory> prompts) {
    var lines = new ArrayList<Line>();
    for (TokenHistory prompt : prompts) {
      var randoms = rules.randoms();
      for (int copy = 0; copy < rules.decoding().numReturnSequences(); copy++) {
        TokenSampler choice =
            rules.decoding().sampled() ? TokenSampler.drawn(randoms[copy]) : TokenSampler::best;
        lines.add(new Line(lines.size(), prompt, choice));
      }
    }
    return lines;
  }

  private void extend(Line line, float[] logits) {
    TokenHistory history = line.history;
    var normalizer = LogSoftmax.of(logits, history.prompt(), history.newTokens());
    System.arraycopy(logits, 0, scores, 0, scores.length);
    rules.processors().process(history, scores);
    int token = line.choice.choose(scores);
    if (token == TokenSampler.NONE) {
      throw rules.nothingPossible(history);
    }
    line.history = rules.extended(history, token, normalizer, logits);
    listener.onToken(line.index, GeneratedToken.last(line.history));
  }

  private float[][] next(List<Line> open) {
    int[] beamIndices = new int[open.size()];
    int[] tokens = new int[open.size()];
    for (int i = 0; i < beamIndices.length; i++) {
      Line line = open.get(i);
      beamIndices[i] = line.row;
      tokens[i] = line.history.last();
      line.row = i;
    }
    return model.next(beamIndices, tokens);
  }

  private List<List<Sequence>> sequences(List<Line> lines) {
    var sequences = new ArrayList<List<Sequence>>();
    int returning = rules.decoding().numReturnSequences();
    for (int first = 0; first < lines.size(); first += returning) {
      sequences.add(
          lines.subList(first, first + returning).stream()
              .map(line -> rules.sequence(line.history, line.history.meanLogProbability()))
              .toList());
    }
    return List.copyOf(sequences);
  }

  /** A running sequence. */
  private static final class Line {
    final int index; // among all returned sequences
    final TokenSampler choice;
    TokenHistory history;
    int row; // of the model's last call

    Line(int index, TokenHistory prompt, TokenSampler choice) {
      this.index = index;
      this.choice = choice;
      this.history = prompt;
      this.row = prompt.prompt();
    }
  }
}
