/**
 * A decoder of JPEG files (ITU-T T.81), bit-equal to libjpeg-turbo 3.1 on x86-64, the library
 * inside Pillow. Used by {@code ImageDecoder}; not meant to be called by applications.
 *
 * <p>Internal: these classes may change in any version.
 */
@NullMarked
package io.github.blip2j.vision.image.jpeg;

import org.jspecify.annotations.NullMarked;
