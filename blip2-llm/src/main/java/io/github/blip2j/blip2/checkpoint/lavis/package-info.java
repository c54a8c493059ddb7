/**
 * LAVIS's BLIP-2: the reader of models in parts, tensor names, sizes from shapes, conversion.
 * Mostly internal.
 */
@NullMarked
package io.github.blip2j.blip2.checkpoint.lavis;

import org.jspecify.annotations.NullMarked;
