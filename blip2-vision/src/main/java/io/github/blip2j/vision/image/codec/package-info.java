/**
 * Decoders of picture formats, equal to Pillow's to the last bit. Used by {@code ImageDecoder}; not
 * meant to be called by applications.
 */
@NullMarked
package io.github.blip2j.vision.image.codec;

import org.jspecify.annotations.NullMarked;
