/**
 * Files that are read whole or written whole: bounded reading, atomic writing, JSON, leftovers of
 * killed runs.
 */
@NullMarked
package io.github.blip2j.io.file;

import org.jspecify.annotations.NullMarked;
