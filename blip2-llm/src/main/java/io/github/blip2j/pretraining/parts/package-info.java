/**
 * The parts that BLIP-2 is put together from, made from nothing: folders of vision encoders, BERTs
 * and language models with drawn weights ({@link io.github.blip2j.pretraining.parts.DrawnPart}),
 * and the training of a vision encoder by contrast with sentences and of a language model by the
 * next word.
 */
@NullMarked
package io.github.blip2j.pretraining.parts;

import org.jspecify.annotations.NullMarked;
