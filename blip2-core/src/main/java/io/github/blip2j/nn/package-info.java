/**
 * Modules: parameters and how they are read, the layers that models are made of, masks and caches.
 */
@NullMarked
package io.github.blip2j.nn;

import org.jspecify.annotations.NullMarked;
