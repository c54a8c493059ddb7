@NullMarked
package io.github.blip2j.server.http;

import org.jspecify.annotations.NullMarked;
