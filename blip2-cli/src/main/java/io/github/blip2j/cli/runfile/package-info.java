/** Run files: the options of a training run in YAML or JSON. Internal. */
@NullMarked
package io.github.blip2j.cli.runfile;

import org.jspecify.annotations.NullMarked;
