@NullMarked
package io.github.blip2j.server;

import org.jspecify.annotations.NullMarked;
