/** The chunks of a WebP file. Internal. */
@NullMarked
package io.github.blip2j.vision.image.webp.container;

import org.jspecify.annotations.NullMarked;
