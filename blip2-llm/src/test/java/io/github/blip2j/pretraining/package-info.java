/** Tests of the training of BLIP-2's stages. */
@NullMarked
package io.github.blip2j.pretraining;

import org.jspecify.annotations.NullMarked;
