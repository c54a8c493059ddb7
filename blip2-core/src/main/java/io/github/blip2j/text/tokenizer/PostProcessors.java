package io.github.blip2j.text.tokenizer;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.text.tokenizer.config.Component;
import io.github.blip2j.text.tokenizer.model.IdList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Builds post-processors from a file. */
final class PostProcessors {
  private PostProcessors() {}

  /**
   * The special tokens that a file's post-processor adds.
   *
   * @throws CheckpointException if its type is unknown or its settings are invalid
   */
  static SpecialTokens read(@Nullable Component json) throws CheckpointException {
    return json == null ? SpecialTokens.NONE : build(json);
  }

  private static SpecialTokens build(Component json) throws CheckpointException {
    return switch (json.type()) {
      case "Sequence" -> sequence(json);
      case "ByteLevel" -> SpecialTokens.NONE; // affects offsets only
      case "BertProcessing", "RobertaProcessing" ->
          new SpecialTokens(new int[] {json.tokenId("cls")}, new int[] {json.tokenId("sep")});
      case "TemplateProcessing" -> template(json);
      default -> throw json.unsupported("post-processor");
    };
  }

  private static SpecialTokens sequence(Component json) throws CheckpointException {
    SpecialTokens all = SpecialTokens.NONE;
    boolean closed = false;
    for (Component child : json.children("processors")) {
      SpecialTokens next = build(child);
      if (closed && !next.isEmpty()) {
        throw child.error("special tokens expected once, got more around a template's");
      }
      closed |= child.type().equals("TemplateProcessing") && !next.isEmpty();
      all = all.within(next);
    }
    return all;
  }

  private static SpecialTokens template(Component json) throws CheckpointException {
    var before = new IdList();
    var behind = new IdList();
    boolean passed = false;
    for (Component piece : json.children("single")) {
      if (piece.has("Sequence")) {
        String sequence = piece.child("Sequence").string("id");
        if (passed || !sequence.equals("A")) {
          throw json.error("single expected sequence A once, got another " + sequence);
        }
        passed = true;
      } else {
        int[] ids = ids(json, piece);
        (passed ? behind : before).addAll(ids);
      }
    }
    if (!passed) {
      throw json.error("single expected sequence A, got none");
    }
    for (Component piece : json.has("pair") ? json.children("pair") : List.<Component>of()) {
      if (!piece.has("Sequence")) {
        ids(json, piece); // must exist, although pairs are never used
      }
    }
    return new SpecialTokens(before.toArray(), behind.toArray());
  }

  private static int[] ids(Component json, Component piece) throws CheckpointException {
    String name = piece.child("SpecialToken").string("id");
    if (!json.has("special_tokens") || !json.child("special_tokens").has(name)) {
      throw json.error(
          String.format(
              Locale.ROOT, "special_tokens expected \"%s\", which the template names", name));
    }
    return json.child("special_tokens").child(name).integers("ids").stream()
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
