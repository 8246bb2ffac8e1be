@org.jspecify.annotations.NullMarked
package dev.temper.text;
