package io.github.blip2j.vision.image.webp;
import java.io.IOException;
final class LosslessDecoder { static void decode(byte[] f, int s, int e, Canvas c) throws IOException { throw new IOException("later"); } }
