/**
 * The preference losses of the literature, one file each.
 *
 * <p>Notation: h_c and h_r are the log-ratios ln π(y|x) − ln π_ref(y|x) of the chosen and the
 * rejected completion, Δ = h_c − h_r, |y| the number of trained tokens, σ the logistic function.
 */
@org.jspecify.annotations.NullMarked
package dev.temper.alignment.loss;
