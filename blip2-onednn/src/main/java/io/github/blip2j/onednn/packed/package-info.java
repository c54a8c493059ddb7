/** Weights packed in the blocks that oneDNN multiplies fastest. Internal. */
@NullMarked
package io.github.blip2j.onednn.packed;

import org.jspecify.annotations.NullMarked;
