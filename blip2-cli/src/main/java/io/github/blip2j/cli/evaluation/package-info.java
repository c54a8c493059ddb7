/** The commands that evaluate a model on a data set. Internal. */
@NullMarked
package io.github.blip2j.cli.evaluation;

import org.jspecify.annotations.NullMarked;
