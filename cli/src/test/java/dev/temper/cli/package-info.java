/** Tests of the {@code temper} command, end to end in this process. */
@org.jspecify.annotations.NullMarked
package dev.temper.cli;
