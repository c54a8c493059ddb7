/** The commands that handle model files: convert, download, inspect. Internal. */
@NullMarked
package io.github.blip2j.cli.model;

import org.jspecify.annotations.NullMarked;
