/** Tests of the kernels on oneDNN. */
@NullMarked
package io.github.blip2j.onednn;

import org.jspecify.annotations.NullMarked;
