/**
 * Unicode data of the reference implementations, independent of the Java runtime's version.
 *
 * <p>Internal: these classes may change in any version.
 */
@NullMarked
package io.github.blip2j.text.unicode;

import org.jspecify.annotations.NullMarked;
