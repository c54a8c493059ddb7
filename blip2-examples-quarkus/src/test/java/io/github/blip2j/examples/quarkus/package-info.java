@NullMarked
package io.github.blip2j.examples.quarkus;

import org.jspecify.annotations.NullMarked;
