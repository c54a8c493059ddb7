/** Training of BLIP-2's stages: pictures with captions in, losses out. */
@NullMarked
package io.github.blip2j.pretraining;

import org.jspecify.annotations.NullMarked;
