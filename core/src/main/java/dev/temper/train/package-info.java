/**
 * The one training loop, its contracts (loss, objective, source, trainable), optimizers, schedules
 * and checkpoints.
 */
@org.jspecify.annotations.NullMarked
package dev.temper.train;
