/**
 * The inference pipeline behind the facades: encode images, encode prompts, decode or score. Mostly
 * internal.
 */
@NullMarked
package io.github.blip2j.blip2.inference;

import org.jspecify.annotations.NullMarked;
