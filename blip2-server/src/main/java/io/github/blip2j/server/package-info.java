/** BLIP-2 behind HTTP: a server that speaks OpenAI's API and has a page for people. */
@NullMarked
package io.github.blip2j.server;

import org.jspecify.annotations.NullMarked;
