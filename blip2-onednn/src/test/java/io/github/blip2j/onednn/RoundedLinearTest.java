package io.github.blip2j.onednn;

import io.github.blip2j.tensor.RoundedLinearConformance;

/** On the class path of this module, the kernels of the process are oneDNN's. */
final class RoundedLinearTest extends RoundedLinearConformance {}
