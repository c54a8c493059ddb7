/**
 * The models of BLIP-2: with a language model, and for matching and retrieval; their sizes and
 * prompt batches.
 */
@NullMarked
package io.github.blip2j.blip2.model;

import org.jspecify.annotations.NullMarked;
