/** Validation while training: held-out losses and metrics, the best checkpoint, early stopping. */
@NullMarked
package io.github.blip2j.training.validation;

import org.jspecify.annotations.NullMarked;
