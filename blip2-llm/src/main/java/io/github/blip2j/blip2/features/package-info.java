/** Features of images and texts as vectors, and their export in bounded memory. */
@NullMarked
package io.github.blip2j.blip2.features;

import org.jspecify.annotations.NullMarked;
