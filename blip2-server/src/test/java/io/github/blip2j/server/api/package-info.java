@NullMarked
package io.github.blip2j.server.api;

import org.jspecify.annotations.NullMarked;
