/** A model as a bean of Quarkus, behind a resource. */
@NullMarked
package io.github.blip2j.examples.quarkus;

import org.jspecify.annotations.NullMarked;
