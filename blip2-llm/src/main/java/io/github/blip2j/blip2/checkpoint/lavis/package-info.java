/** LAVIS's spelling of BLIP-2: tensor names, sizes read off tensors, models stored in parts. */
@NullMarked
package io.github.blip2j.blip2.checkpoint.lavis;

import org.jspecify.annotations.NullMarked;
