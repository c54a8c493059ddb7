@NullMarked
package io.github.blip2j.pretraining.parts;

import org.jspecify.annotations.NullMarked;
