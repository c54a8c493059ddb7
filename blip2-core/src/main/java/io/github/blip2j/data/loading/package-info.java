/** The order of samples in an epoch, sets that are mixed, and reading ahead on other threads. */
@NullMarked
package io.github.blip2j.data.loading;

import org.jspecify.annotations.NullMarked;
