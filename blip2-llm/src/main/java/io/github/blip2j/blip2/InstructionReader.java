package io.github.blip2j.blip2;

import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.io.OutputFile;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Side;
import io.github.blip2j.text.TokenizerFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Prompts as the Q-Former of InstructBLIP reads them (Dai et al. 2023, section 2.3): by a tokenizer
 * of its own, whole, padded and masked.
 *
 * <p>A prompt without words is {@code [CLS] [SEP]}, as both references read the empty text; Hugging
 * Face fails where there is no text at all.
 */
final class InstructionReader implements AutoCloseable {
  private static final String FOLDER = "qformer_tokenizer";
  private static final int LAVIS_TOKENS = 128; // its max_txt_len

  private final HuggingFaceTokenizer tokenizer;
  private final BertConfig qformer;
  private final Flavour flavour;
  private final TextCuts cuts = new TextCuts();

  private InstructionReader(HuggingFaceTokenizer tokenizer, BertConfig qformer, Flavour flavour) {
    this.tokenizer = tokenizer;
    this.qformer = qformer;
    this.flavour = flavour;
  }

  /** Whether a folder holds the tokenizer as Hugging Face's InstructBLIP does. */
  static boolean isIn(Path folder) {
    return TokenizerFolder.isIn(folder.resolve(FOLDER));
  }

  /**
   * Where a folder of Hugging Face has the tokenizer.
   *
   * @throws CheckpointException if there is none
   */
  static Path in(Path folder) throws CheckpointException {
    if (!isIn(folder)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %s/tokenizer.json expected in an InstructBLIP, got none; copy it from the checkpoint",
              folder,
              FOLDER));
    }
    return folder.resolve(FOLDER);
  }

  /**
   * Opens the tokenizer in a folder of its own.
   *
   * @throws CheckpointException if there is none, or it is of a larger Q-Former
   */
  static InstructionReader open(Path folder, Blip2Config config) throws IOException {
    HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder);
    // Of another model; added tokens alone may go beyond, until a text holds one.
    var unused = tokenizer.within(config.qformer().vocabSize());
    return new InstructionReader(tokenizer, config.qformer(), config.flavour());
  }

  /** Copies a tokenizer to where Hugging Face has it in a folder of the whole. */
  static void copy(Path from, Path folder) throws IOException {
    Conversion.copyTokenizer(from, OutputFile.makeFolder(folder.resolve(FOLDER)));
  }

  /** The same tokenizer, cutting what is too long as {@code newFlavour} does. */
  InstructionReader withFlavour(Flavour newFlavour) {
    return new InstructionReader(tokenizer, qformer, newFlavour);
  }

  /**
   * The prompts, padded on the right to the longest.
   *
   * @param where what they are for, as messages say it
   * @throws IllegalArgumentException if one is blank but not empty, has a token that the Q-Former
   *     lacks, or more tokens than it has positions, unless LAVIS cuts it
   */
  TextBatch read(String where, List<String> prompts) {
    List<int[]> ids = new ArrayList<>();
    for (String prompt : prompts) {
      ids.add(ids(where, prompt));
    }
    return TextBatch.of(ids, tokenizer.padId().orElse(0)); // masked, so that any word would do
  }

  private int[] ids(String where, String prompt) {
    if (!prompt.isEmpty() && prompt.isBlank()) {
      throw new IllegalArgumentException(
          where + ": instruction expected words, or nothing at all, got a blank");
    }
    int[] ids = tokenizer.encode(prompt);
    TextTokens.requireWords(where + ": instruction", tokenizer, qformer.vocabSize(), null, ids);
    int most = Math.min(LAVIS_TOKENS, qformer.maxPositions());
    if (flavour == Flavour.LAVIS && ids.length > most) {
      cuts.tell(
          where + ": instruction", ids.length, most, "beginning", "flavour HF reads it whole");
      return tokenizer.encodeTruncated(prompt, most, Side.LEFT);
    }
    if (ids.length > qformer.maxPositions()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: instruction expected at most %d tokens of the Q-Former, got %d; shorten it",
              where,
              qformer.maxPositions(),
              ids.length));
    }
    return ids;
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
