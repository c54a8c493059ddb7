/** Weights packed in the blocked layouts that oneDNN multiplies fastest. Internal. */
@NullMarked
package io.github.blip2j.onednn.packed;

import org.jspecify.annotations.NullMarked;
