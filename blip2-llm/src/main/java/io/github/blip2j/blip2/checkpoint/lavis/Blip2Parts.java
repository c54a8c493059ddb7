package io.github.blip2j.blip2.checkpoint.lavis;

import io.github.blip2j.blip2.text.Arguments;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The files of a BLIP-2 of LAVIS's second stage. LAVIS stores the trained parameters apart from the
 * frozen models. Pass the parts to {@code Blip2#load} or to {@code Conversion#toHuggingFace}.
 *
 * <pre>{@code
 * var parts =
 *     Blip2Parts.of(Path.of("blip2_pretrained_opt2.7b.pth"), Path.of("opt-2.7b"))
 *         .withVision(Path.of("eva_vit_g.pth"));
 * }</pre>
 *
 * <p>The Q-Former of {@code blip2_t5_instruct} takes the instruction too. Such a file also needs
 * {@link #withBert(Path) the BERT} whose tokenizer it uses.
 *
 * @param checkpoint file of {@code blip2_opt}, {@code blip2_t5} or {@code blip2_t5_instruct} with
 *     the Q-Former, the queries, the norm and the projection, and the vision encoder where that was
 *     trained too
 * @param language folder of the plain language model, such as {@code facebook/opt-2.7b}, with its
 *     {@code tokenizer.json}
 * @param vision a vision encoder's own file, a LAVIS checkpoint or a BLIP-2 folder that has the
 *     vision encoder, or null if {@code checkpoint} does; a vision encoder in the checkpoint takes
 *     precedence
 * @param imageSize side of the images in pixels, for which positions are interpolated, or null for
 *     the vision encoder's own
 * @param bert folder with the {@code tokenizer.json} of {@code bert-base-uncased}, or of an
 *     InstructBLIP that has it in {@code qformer_tokenizer}; null for a {@code qformer_tokenizer}
 *     beside the checkpoint, or where the Q-Former takes no text
 */
public record Blip2Parts(
    Path checkpoint,
    Path language,
    @Nullable Path vision,
    @Nullable Integer imageSize,
    @Nullable Path bert) {

  /** Checks the size. */
  public Blip2Parts {
    Arguments.required("parts", "checkpoint", checkpoint);
    Arguments.required("parts", "language", language);
    if (imageSize != null && imageSize < 1) {
      throw new IllegalArgumentException("parts: imageSize expected at least 1, got " + imageSize);
    }
  }

  /** Parts of a checkpoint that holds its vision encoder, and a language model. */
  public static Blip2Parts of(Path checkpoint, Path language) {
    return new Blip2Parts(checkpoint, language, null, null, null);
  }

  /** With the vision encoder from another file or folder. */
  public Blip2Parts withVision(Path newVision) {
    return new Blip2Parts(checkpoint, language, newVision, imageSize, bert);
  }

  /** With images of another size. */
  public Blip2Parts withImageSize(int side) {
    return new Blip2Parts(checkpoint, language, vision, side, bert);
  }

  /** With the tokenizer of instructions for the Q-Former of an InstructBLIP. */
  public Blip2Parts withBert(Path newBert) {
    return new Blip2Parts(checkpoint, language, vision, imageSize, newBert);
  }
}
