/** Vision transformers: from pixels to the features of patches. */
@NullMarked
package io.github.blip2j.vision;

import org.jspecify.annotations.NullMarked;
