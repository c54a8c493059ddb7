/** Golden data: folders with the reference's own numbers, and how close ours must come. */
@NullMarked
package io.github.blip2j.golden;

import org.jspecify.annotations.NullMarked;
