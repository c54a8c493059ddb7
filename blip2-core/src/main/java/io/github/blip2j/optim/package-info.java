/** The optimizer, its groups of parameters, and learning rate schedules. */
@NullMarked
package io.github.blip2j.optim;

import org.jspecify.annotations.NullMarked;
