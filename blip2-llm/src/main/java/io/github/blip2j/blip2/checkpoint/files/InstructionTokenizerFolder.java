package io.github.blip2j.blip2.checkpoint.files;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.TokenizerFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** The folder of the tokenizer of InstructBLIP's Q-Former, within the model's folder. */
public final class InstructionTokenizerFolder {
  private static final String FOLDER = "qformer_tokenizer";

  private InstructionTokenizerFolder() {}

  /** Whether a model's folder has the tokenizer, as Hugging Face's InstructBLIP does. */
  public static boolean isIn(Path folder) {
    return TokenizerFolder.isIn(folder.resolve(FOLDER));
  }

  /**
   * The tokenizer's folder within a model's.
   *
   * @throws CheckpointException if there is none
   */
  public static Path in(Path folder) throws CheckpointException {
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
   * Opens the tokenizer in its folder.
   *
   * @throws CheckpointException if there is none, or its vocabulary is larger than the Q-Former's
   */
  public static HuggingFaceTokenizer open(Path folder, BertConfig qformer) throws IOException {
    HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder);
    // Only added tokens may exceed the vocabulary; a text that has one is refused.
    var unused = tokenizer.within(qformer.vocabSize());
    return tokenizer;
  }

  /** Copies a tokenizer into a model's folder, to the place where Hugging Face has it. */
  public static void copy(Path from, Path folder) throws IOException {
    TokenizerCopy.copy(from, OutputFile.makeFolder(folder.resolve(FOLDER)));
  }
}
