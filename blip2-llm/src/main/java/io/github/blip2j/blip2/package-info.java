/** The facades of BLIP-2: a vision transformer, a Q-Former and a language model. */
@NullMarked
package io.github.blip2j.blip2;

import org.jspecify.annotations.NullMarked;
