@NullMarked
package io.github.blip2j.examples.spring;

import org.jspecify.annotations.NullMarked;
