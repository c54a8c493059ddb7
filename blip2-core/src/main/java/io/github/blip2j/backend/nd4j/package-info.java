/**
 * The reference kernels, which run on any ND4J backend. Found as a {@link
 * io.github.blip2j.backend.BackendProvider}; internal.
 *
 * <p>Internal: these classes may change in any version.
 */
@NullMarked
package io.github.blip2j.backend.nd4j;

import org.jspecify.annotations.NullMarked;
