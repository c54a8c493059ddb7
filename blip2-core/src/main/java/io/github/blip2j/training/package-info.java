/** The training loop: batches in, updates, a log and checkpoints out. */
@NullMarked
package io.github.blip2j.training;

import org.jspecify.annotations.NullMarked;
