package io.github.blip2j.metrics;

import org.jspecify.annotations.Nullable;

/**
 * The answer of one person to a question.
 *
 * @param answer the text
 * @param id the answer's number, which tells equal answers of two people apart, or null
 * @param confidence such as {@code yes} or {@code maybe}, or null
 */
public record HumanAnswer(String answer, @Nullable String id, @Nullable String confidence) {}
