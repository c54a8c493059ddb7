/** One short program for each task, exactly as a user of the library would write it. */
@NullMarked
package io.github.blip2j.examples;

import org.jspecify.annotations.NullMarked;
