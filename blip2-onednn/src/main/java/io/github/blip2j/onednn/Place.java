package io.github.blip2j.onednn;

import io.github.blip2j.tensor.RawTensor;

/** An operand: how it lies, and where. */
record Place(Layout layout, long address) {
  static Place of(RawTensor tensor) {
    return new Place(Layout.of(tensor), tensor.address());
  }
}
