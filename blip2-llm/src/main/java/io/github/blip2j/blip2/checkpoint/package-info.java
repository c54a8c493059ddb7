/** Loading, inspecting and converting checkpoints of BLIP-2. */
@NullMarked
package io.github.blip2j.blip2.checkpoint;

import org.jspecify.annotations.NullMarked;
