package io.github.blip2j.blip2.inference;

import io.github.blip2j.blip2.model.PromptLayout;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.Generator;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.generation.StopStrings;
import io.github.blip2j.generation.TokenStreamer;
import io.github.blip2j.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The last step of a generation: encoded prompts to texts, token by token. */
final class TextGenerator {
  private final GenerationSession session;

  /** Calls run while {@code session} is held open. */
  TextGenerator(GenerationSession session) {
    this.session = session;
  }

  /** The texts of each prompt, the best first, in the open scope. */
  List<List<Generated>> generate(
      EncodedPrompts prompts, GenerationConfig decoding, TokenStreamer listener) {
    GenerationConfig fitting = fitting(prompts, decoding);
    Generator generator =
        Generator.of(fitting, session.endIds())
            .withTokenizer(session.tokenizer())
            .onToken(listener);
    List<List<Sequence>> sequences =
        session
            .model()
            .generate(prompts.images(), prompts.text(), generator, fitting.maxNewTokens());
    return texts(prompts.text().rows(), sequences, StopStrings.of(fitting.stopStrings()));
  }

  /** The decoding, with its length limited to the model's positions. */
  private GenerationConfig fitting(EncodedPrompts prompts, GenerationConfig decoding) {
    int room = session.model().language().roomAfter(prompts.positions());
    if (decoding.minNewTokens() > room) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "generate: minNewTokens expected at most %d after a prompt of %d tokens, got %d",
              room,
              prompts.longestText(),
              decoding.minNewTokens()));
    }
    return decoding.maxNewTokens() <= room ? decoding : decoding.maxNewTokens(room);
  }

  private List<List<Generated>> texts(
      List<PromptLayout> prompts, List<List<Sequence>> sequences, StopStrings stops) {
    List<List<Generated>> texts = new ArrayList<>();
    for (int row = 0; row < prompts.size(); row++) {
      int[] prompt = prompts.get(row).tokens();
      texts.add(sequences.get(row).stream().map(written -> text(prompt, written, stops)).toList());
    }
    return List.copyOf(texts);
  }

  private Generated text(int[] prompt, Sequence written, StopStrings stops) {
    Tokenizer tokenizer = session.tokenizer();
    int[] tokens = written.tokens();
    int[] whole = Arrays.copyOf(prompt, prompt.length + tokens.length);
    System.arraycopy(tokens, 0, whole, prompt.length, tokens.length);
    return Generated.of(written, stops, tokenizer.decode(tokens), tokenizer.decode(whole));
  }
}
