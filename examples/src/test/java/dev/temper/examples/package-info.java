/** Runs the examples. */
@org.jspecify.annotations.NullMarked
package dev.temper.examples;
