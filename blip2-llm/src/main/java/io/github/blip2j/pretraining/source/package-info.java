/**
 * Where the images and texts of a training set are read from: a folder, or shards.
 *
 * <p>Internal: these classes may change in any version.
 */
@NullMarked
package io.github.blip2j.pretraining.source;

import org.jspecify.annotations.NullMarked;
