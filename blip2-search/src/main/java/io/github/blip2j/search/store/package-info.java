/**
 * The files of an index: catalog, segments of vectors, lock.
 *
 * <p>Internal: these classes may change in any version, except for {@code IndexModel}, {@code
 * IndexException} and, for sources of candidates, {@code Snapshot}.
 */
@NullMarked
package io.github.blip2j.search.store;

import org.jspecify.annotations.NullMarked;
