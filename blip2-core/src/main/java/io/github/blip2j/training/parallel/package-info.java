/**
 * What several ranks exchange while they train: gradients, updated weights, and how long each took.
 */
@NullMarked
package io.github.blip2j.training.parallel;

import org.jspecify.annotations.NullMarked;
