/** Models by name, loaded when they are asked for. Internal. */
@NullMarked
package io.github.blip2j.server.models;

import org.jspecify.annotations.NullMarked;
