/** Images: decoding, resizing and normalising as the references do, augmentation, heat maps. */
@NullMarked
package io.github.blip2j.vision.image;

import org.jspecify.annotations.NullMarked;
