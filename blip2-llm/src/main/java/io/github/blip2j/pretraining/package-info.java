/** Training of BLIP-2's stages: starting models, batches of captions, objectives, exports. */
@NullMarked
package io.github.blip2j.pretraining;

import org.jspecify.annotations.NullMarked;
