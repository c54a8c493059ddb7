/**
 * A TIFF decoder, bit-equal to Pillow. Used by {@code ImageDecoder}; not meant to be called by
 * applications.
 *
 * <p>Internal: these classes may change in any version.
 */
@NullMarked
package io.github.blip2j.vision.image.tiff;

import org.jspecify.annotations.NullMarked;
