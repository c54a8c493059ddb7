/**
 * Evaluates models on data sets: captions, visual questions, classification without training
 * examples, retrieval.
 */
@NullMarked
package io.github.blip2j.evaluation;

import org.jspecify.annotations.NullMarked;
