/** From pictures to patch features: image processing and vision transformers. */
@NullMarked
package io.github.blip2j.vision;

import org.jspecify.annotations.NullMarked;
