@NullMarked
package io.github.blip2j.blip2;

import org.jspecify.annotations.NullMarked;
