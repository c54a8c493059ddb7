/** Internal: {@code blip2 mcp}. */
@NullMarked
package io.github.blip2j.cli.mcp;

import org.jspecify.annotations.NullMarked;
