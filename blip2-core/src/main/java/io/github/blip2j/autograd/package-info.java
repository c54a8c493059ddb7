/**
 * Reverse-mode differentiation of anything that can be added (Griewank and Walther 2008, chapter
 * 3).
 */
@NullMarked
package io.github.blip2j.autograd;

import org.jspecify.annotations.NullMarked;
