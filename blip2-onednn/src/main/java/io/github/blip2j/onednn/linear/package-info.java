/** Linear maps and batched products in float32 and bfloat16. Internal. */
@NullMarked
package io.github.blip2j.onednn.linear;

import org.jspecify.annotations.NullMarked;
