package io.github.blip2j.onednn.primitive;

import io.github.blip2j.backend.RawTensor;

/** An operand: how it lies, and where. */
public record Place(Layout layout, long address) {
  public static Place of(RawTensor tensor) {
    return new Place(Layout.of(tensor), tensor.address());
  }
}
