/**
 * The HTTP side of the server, on Jetty: connections, limits, access, events, metrics. Internal.
 */
@NullMarked
package io.github.blip2j.server.http;

import org.jspecify.annotations.NullMarked;
