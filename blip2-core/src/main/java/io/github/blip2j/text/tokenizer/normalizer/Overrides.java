package io.github.blip2j.text.tokenizer.normalizer;

import io.github.blip2j.text.tokenizer.config.AddedToken;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Settings from other files that take precedence over those of a {@code tokenizer.json}. */
public final class Overrides {
  /** No overrides. */
  public static final Overrides NONE = new Overrides(List.of(), null, null, null, null, false);

  private final List<AddedToken> added;
  private final @Nullable Bert bert;
  private final @Nullable Boolean prefixSpace;
  private final @Nullable Around around;
  private final @Nullable String parts;
  private final boolean precompiledOnly;

  private Overrides(
      List<AddedToken> added,
      @Nullable Bert bert,
      @Nullable Boolean prefixSpace,
      @Nullable Around around,
      @Nullable String parts,
      boolean precompiledOnly) {
    this.added = added;
    this.bert = bert;
    this.prefixSpace = prefixSpace;
    this.around = around;
    this.parts = parts;
    this.precompiledOnly = precompiledOnly;
  }

  /**
   * Tokens added around every text, instead of the post-processor's.
   *
   * @param before the token before it, if any
   * @param behind the token after it, if any
   */
  public record Around(@Nullable String before, @Nullable String behind) {}

  private record Bert(boolean lowersCase, boolean splitsChinese, boolean stripsAccents) {}

  /** These overrides with more tokens after the file's. */
  public Overrides withAdded(List<AddedToken> more) {
    return new Overrides(List.copyOf(more), bert, prefixSpace, around, parts, precompiledOnly);
  }

  /** These overrides with other settings of BERT's normalizer. */
  public Overrides withBert(boolean lowersCase, boolean splitsChinese, boolean stripsAccents) {
    var settings = new Bert(lowersCase, splitsChinese, stripsAccents);
    return new Overrides(added, settings, prefixSpace, around, parts, precompiledOnly);
  }

  /** These overrides with or without a space before texts. */
  public Overrides withPrefixSpace(boolean prefixed) {
    return new Overrides(added, bert, prefixed, around, parts, precompiledOnly);
  }

  /** These overrides with other tokens around texts. */
  public Overrides withAround(Around newAround) {
    return new Overrides(added, bert, prefixSpace, newAround, parts, precompiledOnly);
  }

  /**
   * These overrides with parts of a {@code tokenizer.json} instead of the file's own.
   *
   * @param json an object of parts, such as {@code "decoder"}; {@code null} for none. Under {@code
   *     "model"}, only settings that differ
   */
  public Overrides withParts(String json) {
    return new Overrides(added, bert, prefixSpace, around, json, precompiledOnly);
  }

  /** These overrides with nothing of the file's normalizer but its precompiled table. */
  public Overrides withPrecompiledNormalizerOnly() {
    return new Overrides(added, bert, prefixSpace, around, parts, true);
  }

  public List<AddedToken> added() {
    return added;
  }

  @Nullable
  public Around around() {
    return around;
  }

  /** Parts instead of the file's own, as JSON. */
  public @Nullable String parts() {
    return parts;
  }

  /** Whether only the precompiled table of the file's normalizer counts. */
  public boolean precompiledOnly() {
    return precompiledOnly;
  }

  BertNormalizer bert(BertNormalizer file) {
    return bert == null
        ? file
        : new BertNormalizer(
            file.cleansText(), bert.splitsChinese(), bert.stripsAccents(), bert.lowersCase());
  }

  public boolean prefixesSpace(boolean file) {
    return prefixSpace == null ? file : prefixSpace;
  }
}
