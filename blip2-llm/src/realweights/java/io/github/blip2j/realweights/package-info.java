/** Tests on real weights, which the profile of {@code -Dblip2.realWeights} downloads. */
@NullMarked
package io.github.blip2j.realweights;

import org.jspecify.annotations.NullMarked;
