package io.github.blip2j.generation;

import io.github.blip2j.generation.logits.TokenHistory;
import java.util.List;

/**
 * Runs the beam searches of a batch together, with one model call for each step. Prompts with a
 * finished search leave the model's batch.
 */
final class BeamDecoder {
  private final GenerationRules rules;
  private final ModelRows model;
  private final TokenStreamer listener;

  BeamDecoder(GenerationRules rules, ModelRows model, TokenStreamer listener) {
    this.rules = rules;
    this.model = model;
    this.listener = listener;
  }

  List<List<Sequence>> decode(List<TokenHistory> prompts) {
    var workspace = new BeamSearch.Workspace(rules, model.vocabSize());
    List<BeamSearch> searches =
        prompts.stream().map(prompt -> new BeamSearch(rules, workspace, prompt)).toList();
    List<BeamSearch> open = searches;
    float[][] logits = model.start(); // [B][V]
    while (true) {
      for (BeamSearch search : open) {
        search.step(logits);
        if (search.isOver()) {
          report(
              search.sequences(), searches.indexOf(search) * rules.decoding().numReturnSequences());
        }
      }
      open = open.stream().filter(search -> !search.isOver()).toList();
      if (open.isEmpty()) {
        return searches.stream().map(BeamSearch::sequences).toList();
      }
      logits = next(open);
    }
  }

  private float[][] next(List<BeamSearch> open) {
    int rows = open.stream().mapToInt(search -> search.running().size()).sum();
    int[] beamIndices = new int[rows];
    int[] tokens = new int[rows];
    int row = 0;
    for (BeamSearch search : open) {
      search.rowsFrom(row);
      for (Beam beam : search.running()) {
        beamIndices[row] = beam.beamIndex();
        tokens[row] = beam.history().last();
        row++;
      }
    }
    return model.next(beamIndices, tokens);
  }

  private void report(List<Sequence> sequences, int firstRow) {
    for (int i = 0; i < sequences.size(); i++) {
      Sequence sequence = sequences.get(i);
      for (int place = 0; place < sequence.tokens().length; place++) {
        listener.onToken(firstRow + i, GeneratedToken.of(sequence, place));
      }
    }
  }
}
