@NullMarked
package io.github.blip2j.io.foreign;

import org.jspecify.annotations.NullMarked;
