/** What a researcher writes outside the library, as {@code docs/research.md} shows it. */
@NullMarked
package org.example.research;

import org.jspecify.annotations.NullMarked;
