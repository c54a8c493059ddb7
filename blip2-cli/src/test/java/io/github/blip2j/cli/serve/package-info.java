@NullMarked
package io.github.blip2j.cli.serve;

import org.jspecify.annotations.NullMarked;
