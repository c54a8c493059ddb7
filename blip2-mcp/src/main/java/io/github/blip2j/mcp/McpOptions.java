package io.github.blip2j.mcp;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.search.PhotoIndex;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which tools a server offers, and which files they may read. Immutable.
 *
 * <pre>{@code
 * McpOptions.below(List.of(photos)).withModel(Blip2::bundled)
 * }</pre>
 */
public final class McpOptions {
  private final List<Path> folders;
  private final @Nullable ModelLoader<Blip2> model;
  private final @Nullable ModelLoader<ImageTextMatcher> matcher;
  private final @Nullable PhotoIndex index;
  private final List<Path> matcherFiles;

  private McpOptions(
      List<Path> folders,
      @Nullable ModelLoader<Blip2> model,
      @Nullable ModelLoader<ImageTextMatcher> matcher,
      @Nullable PhotoIndex index,
      List<Path> matcherFiles) {
    this.folders = List.copyOf(folders);
    this.model = model;
    this.matcher = matcher;
    this.index = index;
    this.matcherFiles = List.copyOf(matcherFiles);
  }

  /** No tools yet, on files below these folders. */
  public static McpOptions below(List<Path> folders) {
    return new McpOptions(folders, null, null, null, List.of());
  }

  /** With the tools {@code caption} and {@code ask}. */
  public McpOptions withModel(ModelLoader<Blip2> newModel) {
    return new McpOptions(folders, newModel, matcher, index, matcherFiles);
  }

  /** With the tool {@code match}. */
  public McpOptions withMatcher(ModelLoader<ImageTextMatcher> newMatcher) {
    return new McpOptions(folders, model, newMatcher, index, matcherFiles);
  }

  /**
   * With the tool {@code search} too, of the photos of an index that are below the folders.
   *
   * @param files of the matcher, as {@code MatcherEmbedder.of} takes them
   * @throws IllegalStateException without a matcher
   */
  public McpOptions withIndex(PhotoIndex newIndex, List<Path> files) {
    if (matcher == null) {
      throw new IllegalStateException("mcp: a matcher expected before an index, got none");
    }
    return new McpOptions(folders, model, matcher, newIndex, files);
  }

  List<Path> folders() {
    return folders;
  }

  @Nullable ModelLoader<Blip2> model() {
    return model;
  }

  @Nullable ModelLoader<ImageTextMatcher> matcher() {
    return matcher;
  }

  @Nullable PhotoIndex index() {
    return index;
  }

  List<Path> matcherFiles() {
    return matcherFiles;
  }
}
