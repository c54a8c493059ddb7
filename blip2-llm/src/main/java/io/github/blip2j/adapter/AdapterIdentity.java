package io.github.blip2j.adapter;

import io.github.blip2j.io.file.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/** A sum over the tensors of an adapter, in the order of their names. */
final class AdapterIdentity {
  private final MessageDigest digest = Sha256.begin();

  AdapterIdentity() {}

  /** Begins a tensor. */
  void name(String name) {
    digest.update((name + '\n').getBytes(StandardCharsets.UTF_8));
  }

  /** Adds bytes of the tensor, little-endian. */
  void bytes(ByteBuffer bytes) {
    digest.update(bytes);
  }

  String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
