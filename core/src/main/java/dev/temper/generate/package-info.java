/**
 * Text generation: how a token is chosen, when a completion ends, and the interface every generator
 * implements.
 *
 * <p>The pieces, each usable alone:
 *
 * <ul>
 *   <li>{@link dev.temper.generate.LogitsProcessor} changes one row of next-token logits; {@link
 *       dev.temper.generate.Sampling} names the usual chain of them; {@link
 *       dev.temper.generate.Sampler} runs the chain and picks a token from one uniform number;
 *   <li>{@link dev.temper.generate.StopConditions} says when a completion ends and {@link
 *       dev.temper.generate.StopScanner} finds stop strings in streamed text;
 *   <li>{@link dev.temper.generate.GenerationOptions} and {@link dev.temper.generate.Generator} are
 *       the request and the interface, {@link dev.temper.generate.Completion} is the answer.
 * </ul>
 */
@org.jspecify.annotations.NullMarked
package dev.temper.generate;
