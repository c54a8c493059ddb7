/** Pictures: reading them from files and turning them into the numbers a vision model expects. */
@NullMarked
package io.github.blip2j.vision;

import org.jspecify.annotations.NullMarked;
