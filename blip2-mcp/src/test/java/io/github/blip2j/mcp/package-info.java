@NullMarked
package io.github.blip2j.mcp;

import org.jspecify.annotations.NullMarked;
