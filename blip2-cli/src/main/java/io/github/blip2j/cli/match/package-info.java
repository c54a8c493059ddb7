/** The commands of the matching model: match, embed, evaluate retrieval. Internal. */
@NullMarked
package io.github.blip2j.cli.match;

import org.jspecify.annotations.NullMarked;
