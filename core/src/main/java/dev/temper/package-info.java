/** What every part of Temper shares. */
@org.jspecify.annotations.NullMarked
package dev.temper;
