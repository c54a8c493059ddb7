/**
 * Fuzzing of everything that reads what strangers wrote. A target is a class with a method {@code
 * fuzzerTestOneInput}, as Jazzer wants it; what it throws is a finding.
 */
@NullMarked
package io.github.blip2j.fuzz;

import org.jspecify.annotations.NullMarked;
