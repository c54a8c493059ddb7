/** Stored features of frozen vision encoders, for training without them. */
@NullMarked
package io.github.blip2j.pretraining.features;

import org.jspecify.annotations.NullMarked;
