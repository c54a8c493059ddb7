package io.github.blip2j.blip2.checkpoint.files;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.TokenizerFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** The tokenizer of InstructBLIP's Q-Former in a folder of its own beside the model's. */
public final class InstructionTokenizerFolder {
  private static final String FOLDER = "qformer_tokenizer";

  private InstructionTokenizerFolder() {}

  /** Whether a folder holds the tokenizer as Hugging Face's InstructBLIP does. */
  public static boolean isIn(Path folder) {
    return TokenizerFolder.isIn(folder.resolve(FOLDER));
  }

  /**
   * Where a folder of Hugging Face has the tokenizer.
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
   * Opens the tokenizer in a folder of its own.
   *
   * @throws CheckpointException if there is none, or it is of a larger Q-Former
   */
  public static HuggingFaceTokenizer open(Path folder, BertConfig qformer) throws IOException {
    HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder);
    // Of another model; added tokens alone may go beyond, until a text holds one.
    var unused = tokenizer.within(qformer.vocabSize());
    return tokenizer;
  }

  /** Copies a tokenizer to where Hugging Face has it in a folder of the whole. */
  public static void copy(Path from, Path folder) throws IOException {
    TokenizerCopy.copy(from, OutputFile.makeFolder(folder.resolve(FOLDER)));
  }
}
