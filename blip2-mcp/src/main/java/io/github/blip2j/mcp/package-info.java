/** BLIP-2 as tools of assistants, by the Model Context Protocol over standard input and output. */
@NullMarked
package io.github.blip2j.mcp;

import org.jspecify.annotations.NullMarked;
