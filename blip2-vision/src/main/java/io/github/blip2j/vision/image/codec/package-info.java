/**
 * Decoders of image formats, bit-equal to Pillow's. Used by {@code ImageDecoder}; not meant to be
 * called by applications.
 *
 * <p>Internal: these classes may change in any version.
 */
@NullMarked
package io.github.blip2j.vision.image.codec;

import org.jspecify.annotations.NullMarked;
