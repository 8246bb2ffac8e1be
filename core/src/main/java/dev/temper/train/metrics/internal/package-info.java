/** File helpers shared by the sinks and the run directory. */
@org.jspecify.annotations.NullMarked
package dev.temper.train.metrics.internal;
