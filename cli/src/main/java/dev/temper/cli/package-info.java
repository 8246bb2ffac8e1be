/** The {@code temper} command. */
@org.jspecify.annotations.NullMarked
package dev.temper.cli;
