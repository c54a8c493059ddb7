package io.github.blip2j.lucene;

/**
 * What an update of a Lucene index did.
 *
 * @param added photos of new content
 * @param removed photos whose content is gone
 * @param unchanged photos that were there
 * @param stopped whether the listener ended it early; what was added is kept
 */
public record LuceneUpdate(int added, int removed, int unchanged, boolean stopped) {}
