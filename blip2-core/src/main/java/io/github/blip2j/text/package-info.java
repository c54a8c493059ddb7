/** Text to token ids and back, and batches of token rows. */
@NullMarked
package io.github.blip2j.text;

import org.jspecify.annotations.NullMarked;
