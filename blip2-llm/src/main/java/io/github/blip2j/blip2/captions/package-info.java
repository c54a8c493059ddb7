/** Captions of whole folders, to files that a later run goes on with. */
@NullMarked
package io.github.blip2j.blip2.captions;

import org.jspecify.annotations.NullMarked;
