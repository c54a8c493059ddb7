/** BLIP-2: a vision transformer, a Q-Former and a language model joined. */
@NullMarked
package io.github.blip2j.blip2;

import org.jspecify.annotations.NullMarked;
