/** Reading and writing safetensors files. */
@NullMarked
package io.github.blip2j.io.safetensors;

import org.jspecify.annotations.NullMarked;
