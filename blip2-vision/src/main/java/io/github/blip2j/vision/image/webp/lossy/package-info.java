/** The lossy WebP bitstream, VP8 (RFC 6386). Internal. */
@NullMarked
package io.github.blip2j.vision.image.webp.lossy;

import org.jspecify.annotations.NullMarked;
