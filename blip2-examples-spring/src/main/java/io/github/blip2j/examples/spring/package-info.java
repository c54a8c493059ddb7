/** A model as a bean of Spring Boot, behind a controller. */
@NullMarked
package io.github.blip2j.examples.spring;

import org.jspecify.annotations.NullMarked;
