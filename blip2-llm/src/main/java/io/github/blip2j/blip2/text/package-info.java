/**
 * The values that the facades take and return: prompts, conversations, generated texts, matches.
 */
@NullMarked
package io.github.blip2j.blip2.text;

import org.jspecify.annotations.NullMarked;
