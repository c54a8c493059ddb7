@NullMarked
package io.github.blip2j.cli.mcp;

import org.jspecify.annotations.NullMarked;
