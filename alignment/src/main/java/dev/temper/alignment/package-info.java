/**
 * Alignment with preferences: what a preference loss sees, trainers over pairs, labels and rewards.
 */
@org.jspecify.annotations.NullMarked
package dev.temper.alignment;
