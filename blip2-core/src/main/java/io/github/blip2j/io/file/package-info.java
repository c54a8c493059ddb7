/**
 * Bounded reading and atomic writing of whole files, JSON, and leftovers of killed runs.
 *
 * <p>Internal: these classes may change in any version, except for the exceptions, which public
 * methods throw.
 */
@NullMarked
package io.github.blip2j.io.file;

import org.jspecify.annotations.NullMarked;
