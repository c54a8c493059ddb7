/** The folder of a run: what it was made from, its curves, and files for TensorBoard. */
@NullMarked
package io.github.blip2j.training.run;

import org.jspecify.annotations.NullMarked;
