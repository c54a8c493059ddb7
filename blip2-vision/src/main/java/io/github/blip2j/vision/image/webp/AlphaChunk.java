package io.github.blip2j.vision.image.webp;
import java.io.IOException;
final class AlphaChunk { static void check(byte[] f, Frame frame) throws IOException {} }
