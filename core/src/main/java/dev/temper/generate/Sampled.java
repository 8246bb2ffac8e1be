package dev.temper.generate;

/**
 * A chosen token and how likely it was, in nats.
 *
 * @param token the id
 * @param logProb log-probability under the distribution the token was drawn from: after penalties,
 *     temperature and filters. This is the denominator of an importance ratio. Greedy decoding
 *     draws from no distribution; here it is the softmax after penalties and constraints
 * @param rawLogProb log-probability under the model's own distribution, temperature 1, before any
 *     processor
 */
public record Sampled(int token, double logProb, double rawLogProb) {}
