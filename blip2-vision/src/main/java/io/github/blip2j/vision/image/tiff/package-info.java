/**
 * TIFF pictures, equal to Pillow's to the last bit. Used by {@code ImageDecoder}; not meant to be
 * called by applications.
 */
@NullMarked
package io.github.blip2j.vision.image.tiff;

import org.jspecify.annotations.NullMarked;
