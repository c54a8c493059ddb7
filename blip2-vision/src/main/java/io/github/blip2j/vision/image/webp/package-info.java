/**
 * Decoder of WebP images, equal to libwebp's (which Pillow uses) to the last bit: the container
 * (RFC 9649), lossy VP8 key frames (RFC 6386) and lossless VP8L (RFC 9649). Used by {@code
 * ImageDecoder}; not meant to be called by applications.
 *
 * <p>Reader's path: {@code WebpFile} -> {@code WebpContainer} for the chunks, then {@code
 * LossyDecoder} or {@code LosslessDecoder} for the pixels of the first frame.
 *
 * <p>Internal: these classes may change in any version.
 */
@NullMarked
package io.github.blip2j.vision.image.webp;

import org.jspecify.annotations.NullMarked;
