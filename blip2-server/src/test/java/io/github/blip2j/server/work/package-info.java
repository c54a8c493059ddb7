@NullMarked
package io.github.blip2j.server.work;

import org.jspecify.annotations.NullMarked;
