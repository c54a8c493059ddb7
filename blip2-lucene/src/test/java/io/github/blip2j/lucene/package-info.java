@NullMarked
package io.github.blip2j.lucene;

import org.jspecify.annotations.NullMarked;
