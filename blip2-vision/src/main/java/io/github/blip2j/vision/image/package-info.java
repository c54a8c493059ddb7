/** Pictures: reading files, resizing and normalising as the references do, heat maps. */
@NullMarked
package io.github.blip2j.vision.image;

import org.jspecify.annotations.NullMarked;
