/** Internal: finds what other jars add to this library. */
@NullMarked
package io.github.blip2j.service;

import org.jspecify.annotations.NullMarked;
