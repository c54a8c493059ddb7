/** <em>Internal.</em> The index of photos that a server searches, and their thumbnails. */
@NullMarked
package io.github.blip2j.server.photos;

import org.jspecify.annotations.NullMarked;
