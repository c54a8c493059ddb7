/** LoRA adapters, as saved by Python's peft. */
@NullMarked
package io.github.blip2j.adapter;

import org.jspecify.annotations.NullMarked;
