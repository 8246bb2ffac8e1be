package dev.temper.train;

import dev.temper.tensor.Tensor;

/**
 * What a token-level loss looks at: one row for each trained token of the micro-batch.
 *
 * @param logProbs ln p of the target given what precedes it [R]
 * @param weights weight of each token, greater than 0 [R]
 * @param targets the token ids [R]
 * @param sequences which example of the micro-batch a row belongs to [R]
 */
public record TokenScores(Tensor logProbs, Tensor weights, int[] targets, int[] sequences) {}
