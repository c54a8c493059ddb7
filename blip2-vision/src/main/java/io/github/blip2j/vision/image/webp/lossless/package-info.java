/** The lossless WebP bitstream (RFC 9649, section 3). Internal. */
@NullMarked
package io.github.blip2j.vision.image.webp.lossless;

import org.jspecify.annotations.NullMarked;
