/**
 * Captions, answers, embeddings and matching scores of very many pictures, by Apache Spark: {@link
 * io.github.blip2j.spark.Captions} and its like for data sets, {@link
 * io.github.blip2j.spark.Blip2Captioner} and its like for pipelines of Spark ML.
 */
@NullMarked
package io.github.blip2j.spark;

import org.jspecify.annotations.NullMarked;
