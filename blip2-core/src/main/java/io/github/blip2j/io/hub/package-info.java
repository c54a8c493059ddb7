/** Models of a Hugging Face style hub: its standard cache on disk, and downloads into it. */
@NullMarked
package io.github.blip2j.io.hub;

import org.jspecify.annotations.NullMarked;
