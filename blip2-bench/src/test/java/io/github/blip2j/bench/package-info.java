/** Tests of the generator of models. */
@NullMarked
package io.github.blip2j.bench;

import org.jspecify.annotations.NullMarked;
