package io.github.blip2j.blip2;

import java.util.List;

/**
 * A text that the model wrote.
 *
 * @param text the new words, without the prompt and without special tokens
 * @param textWithPrompt prompt and new words, joined as the tokenizer joins them
 * @param tokenIds the new tokens, the end token included if there is one
 * @param score from beam search the length-penalised sum of log-probabilities, otherwise their mean
 * @param ended whether the model ended it; if not, the length limit did
 * @param logProbabilities of each token, natural logarithm
 */
public record Generated(
    String text,
    String textWithPrompt,
    List<Integer> tokenIds,
    double score,
    boolean ended,
    List<Double> logProbabilities) {}
