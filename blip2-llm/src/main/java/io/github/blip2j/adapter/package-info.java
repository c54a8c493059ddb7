/**
 * Adapters that training left beside the weights it began with: LoRA, as Python's peft saves it.
 */
@NullMarked
package io.github.blip2j.adapter;

import org.jspecify.annotations.NullMarked;
