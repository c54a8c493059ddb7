/** The commands that index photos and search them. Internal. */
@NullMarked
package io.github.blip2j.cli.search;

import org.jspecify.annotations.NullMarked;
