/** Short programs, one for each task, as a user of the library would write them. */
@NullMarked
package io.github.blip2j.examples;

import org.jspecify.annotations.NullMarked;
