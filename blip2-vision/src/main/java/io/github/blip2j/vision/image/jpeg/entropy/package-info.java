/** Entropy coding of JPEG: Huffman tables, bits, arithmetic decoding. Internal. */
@NullMarked
package io.github.blip2j.vision.image.jpeg.entropy;

import org.jspecify.annotations.NullMarked;
