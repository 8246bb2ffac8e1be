/** Rows of numbers about a run and the sinks that keep them: JSONL, CSV, TensorBoard, SLF4J. */
@org.jspecify.annotations.NullMarked
package dev.temper.train.metrics;
