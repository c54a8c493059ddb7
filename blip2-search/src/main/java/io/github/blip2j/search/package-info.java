/** Search over the photos in folders: an index on disk, texts and pictures as queries. */
@NullMarked
package io.github.blip2j.search;

import org.jspecify.annotations.NullMarked;
