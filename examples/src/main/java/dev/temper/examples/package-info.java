/**
 * Programs to read, run and copy from. Each is one file that needs nothing but the library, runs
 * without arguments from the root of the repository in seconds, and returns what it did.
 */
@org.jspecify.annotations.NullMarked
package dev.temper.examples;
