/** Options that several commands share, and how their values are named. Internal. */
@NullMarked
package io.github.blip2j.cli.option;

import org.jspecify.annotations.NullMarked;
