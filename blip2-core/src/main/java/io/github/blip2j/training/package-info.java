/** The training loop with its log and checkpoints. */
@NullMarked
package io.github.blip2j.training;

import org.jspecify.annotations.NullMarked;
