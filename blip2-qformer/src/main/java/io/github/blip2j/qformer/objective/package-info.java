/** The three objectives of BLIP-2's first stage: contrast, matching, generation (section 3.1). */
@NullMarked
package io.github.blip2j.qformer.objective;

import org.jspecify.annotations.NullMarked;
