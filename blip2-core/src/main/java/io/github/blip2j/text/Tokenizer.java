package io.github.blip2j.text;

import io.github.blip2j.io.file.CheckpointException;
import java.util.OptionalInt;

/**
 * Text to token ids and back, as a checkpoint's {@code tokenizer.json} defines it. It never pads,
 * and truncates only in {@link #encodeTruncated}; {@link TokenBatch} makes batches. Safe for use by
 * many threads.
 */
public interface Tokenizer extends AutoCloseable {

  /**
   * Ids of the text with the tokenizer's special tokens, such as {@code [CLS] ... [SEP]}.
   *
   * @throws IllegalArgumentException if the tokenizer cannot represent the text, or its regular
   *     expressions take too long
   */
  int[] encode(String text);

  /** Ids of the text without special tokens; otherwise as {@link #encode}. */
  int[] encodePlain(String text);

  /**
   * At most {@code maxTokens} ids: as {@link #encode}, but with ids of the text dropped on one side
   * until everything fits. The special tokens survive, as they do in the reference.
   *
   * @param maxTokens the maximum number of ids, special tokens included
   * @param side where ids are dropped; the reference drops on the right
   * @throws IllegalArgumentException if not even the special tokens fit
   */
  int[] encodeTruncated(String text, int maxTokens, Side side);

  /** The text of these ids without special tokens; ids that the tokenizer lacks add nothing. */
  String decode(int[] ids);

  /** The text of these ids with special tokens spelled out. */
  String decodeAll(int[] ids);

  /** Number of different tokens, added ones included. */
  int vocabSize();

  /** The id of a whole token such as {@code "<image>"}, if the tokenizer has it. */
  OptionalInt idOf(String token);

  /** The padding token's id, if the tokenizer has one. */
  OptionalInt padId();

  /**
   * A view of this tokenizer for a model with {@code modelVocabSize} embeddings, closed together
   * with this one. Added tokens may have ids beyond them, because processors add some without
   * resizing the model; the encoding methods reject a text with such a token by an {@link
   * IllegalArgumentException}.
   *
   * @param modelVocabSize rows in the model's token embedding
   * @throws CheckpointException if other tokens than added ones have ids beyond them: then this is
   *     another model's tokenizer
   */
  Tokenizer within(int modelVocabSize) throws CheckpointException;

  /**
   * Closes the tokenizer: later calls throw {@link IllegalStateException}. There is nothing to
   * free, so an unclosed tokenizer costs only its memory.
   */
  @Override
  void close();
}
