/** What clients may ask: OpenAI's routes and our own, their JSON and their errors. Internal. */
@NullMarked
package io.github.blip2j.server.api;

import org.jspecify.annotations.NullMarked;
