/** Captions of whole folders, in files that a later run continues. */
@NullMarked
package io.github.blip2j.blip2.captions;

import org.jspecify.annotations.NullMarked;
