/** How parameters move: the optimiser, its groups of parameters, and learning rates over time. */
@NullMarked
package io.github.blip2j.optim;

import org.jspecify.annotations.NullMarked;
