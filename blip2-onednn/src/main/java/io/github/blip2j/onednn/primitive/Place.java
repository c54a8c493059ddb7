package io.github.blip2j.onednn.primitive;

import io.github.blip2j.backend.RawTensor;

/** An operand: its layout and its address. */
public record Place(Layout layout, long address) {
  public static Place of(RawTensor tensor) {
    return new Place(Layout.of(tensor), tensor.address());
  }
}
