package io.github.blip2j.cli.option;

import io.github.blip2j.blip2.checkpoint.lavis.Blip2Parts;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The files of the parts that a checkpoint of LAVIS's second stage leaves out. */
public final class PartsOptions {
  @Option(
      names = "--language",
      paramLabel = "DIR",
      description = "For a .pth of LAVIS: the plain language model's folder, as facebook/opt-2.7b.")
  @Nullable Path language;

  @Option(
      names = "--vision",
      paramLabel = "PATH",
      description =
          "For a .pth of LAVIS without a vision encoder: eva_vit_g.pth, or a BLIP-2 "
              + "that has one.")
  @Nullable Path vision;

  @Option(
      names = "--bert",
      paramLabel = "DIR",
      description =
          "For a .pth of InstructBLIP: bert-base-uncased, whose tokenizer the Q-Former uses, or "
              + "an InstructBLIP's folder. A qformer_tokenizer beside the .pth needs no naming.")
  @Nullable Path bert;

  public boolean areGiven() {
    return language != null;
  }

  /** The paths that were given. */
  List<Path> paths() {
    return Stream.of(language, vision, bert).filter(Objects::nonNull).map(Path::normalize).toList();
  }

  /** The parts beside a checkpoint. */
  public Blip2Parts of(Path checkpoint) {
    if (language == null) {
      throw new AssertionError("--language: checked before");
    }
    Blip2Parts parts = Blip2Parts.of(checkpoint, language);
    if (vision != null) {
      parts = parts.withVision(vision);
    }
    return bert == null ? parts : parts.withBert(bert);
  }

  /** Checks that options that need each other are given together. */
  public void requireAgreement(boolean hasCheckpoint) {
    if (language == null && (vision != null || bert != null)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: --language expected beside it, got none; a Hugging Face folder needs neither",
              vision == null ? "--bert" : "--vision"));
    }
    if (language != null && !hasCheckpoint) {
      throw new IllegalArgumentException(
          "--language: --model expected to be a .pth of LAVIS's second stage, got none");
    }
  }
}
