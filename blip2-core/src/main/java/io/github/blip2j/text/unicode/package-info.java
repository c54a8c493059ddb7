/** Unicode as the references know it, whatever the Java runtime's own version is. */
@NullMarked
package io.github.blip2j.text.unicode;

import org.jspecify.annotations.NullMarked;
