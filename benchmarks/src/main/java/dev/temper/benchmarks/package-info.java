/** Programs that measure: whole processes for comparison with the peers, and micro-benchmarks. */
@NullMarked
package dev.temper.benchmarks;

import org.jspecify.annotations.NullMarked;
