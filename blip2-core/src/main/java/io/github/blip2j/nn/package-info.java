/** Modules: parameters and their loading, the layers of models, masks and caches. */
@NullMarked
package io.github.blip2j.nn;

import org.jspecify.annotations.NullMarked;
