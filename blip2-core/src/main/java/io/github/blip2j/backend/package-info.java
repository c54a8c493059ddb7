/**
 * The service-provider interface of kernels and the memory they work on: what a provider
 * implements, how one is chosen, packed weights, the memory pool and native libraries.
 */
@NullMarked
package io.github.blip2j.backend;

import org.jspecify.annotations.NullMarked;
