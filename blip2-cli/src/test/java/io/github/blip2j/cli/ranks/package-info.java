/** Tests of commands whose work ranks share. */
@NullMarked
package io.github.blip2j.cli.ranks;

import org.jspecify.annotations.NullMarked;
