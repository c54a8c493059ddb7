/**
 * The files of an index: catalog, segments of vectors, lock.
 *
 * <p>Internal: these classes may change in any version, except for {@code IndexModel} and {@code
 * IndexException}.
 */
@NullMarked
package io.github.blip2j.search.store;

import org.jspecify.annotations.NullMarked;
