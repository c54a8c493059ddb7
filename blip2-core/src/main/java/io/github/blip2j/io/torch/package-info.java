/**
 * Reading and writing files of {@code torch.save}: zip archives and a pickle machine that runs no
 * code.
 */
@NullMarked
package io.github.blip2j.io.torch;

import org.jspecify.annotations.NullMarked;
