/**
 * Data for training: rows of files, typed rows, data sets with resumable order, and packing into
 * token budgets.
 *
 * <p>The way of an example: {@link dev.temper.data.Rows} reads a {@link dev.temper.data.Row},
 * {@link dev.temper.data.SftRow#parse} gives it a type, a tokenizer makes it a {@link
 * dev.temper.data.TokenExample}, {@link dev.temper.data.Truncation} and {@link
 * dev.temper.data.Packing} fit it into a length, {@link dev.temper.data.DataCursor} decides when it
 * comes, and {@link dev.temper.data.TokenBudget} cuts a step into micro-batches.
 */
@org.jspecify.annotations.NullMarked
package dev.temper.data;
