package io.github.blip2j.text.tokenizer.normalizer;

import io.github.blip2j.text.tokenizer.config.AddedToken;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Settings from other files that take precedence over those of a {@code tokenizer.json}. */
public final class Overrides {
  /** No overrides. */
  public static final Overrides NONE = new Overrides(List.of(), null, null, null);

  private final List<AddedToken> added;
  private final @Nullable Bert bert;
  private final @Nullable Boolean prefixSpace;
  private final @Nullable Around around;

  private Overrides(
      List<AddedToken> added,
      @Nullable Bert bert,
      @Nullable Boolean prefixSpace,
      @Nullable Around around) {
    this.added = added;
    this.bert = bert;
    this.prefixSpace = prefixSpace;
    this.around = around;
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
    return new Overrides(List.copyOf(more), bert, prefixSpace, around);
  }

  /** These overrides with other settings of BERT's normalizer. */
  public Overrides withBert(boolean lowersCase, boolean splitsChinese, boolean stripsAccents) {
    var settings = new Bert(lowersCase, splitsChinese, stripsAccents);
    return new Overrides(added, settings, prefixSpace, around);
  }

  /** These overrides with or without a space before texts. */
  public Overrides withPrefixSpace(boolean prefixed) {
    return new Overrides(added, bert, prefixed, around);
  }

  /** These overrides with other tokens around texts. */
  public Overrides withAround(Around newAround) {
    return new Overrides(added, bert, prefixSpace, newAround);
  }

  public List<AddedToken> added() {
    return added;
  }

  @Nullable
  public Around around() {
    return around;
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

  /** Whether the space before texts is switched off, wherever the file adds it. */
  public boolean withoutPrefix() {
    return Boolean.FALSE.equals(prefixSpace);
  }
}
