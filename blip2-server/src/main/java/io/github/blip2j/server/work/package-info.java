/** The queue in front of the models, and the thread that runs them. Internal. */
@NullMarked
package io.github.blip2j.server.work;

import org.jspecify.annotations.NullMarked;
