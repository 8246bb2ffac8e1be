/** Converting models between file formats and element types. */
@org.jspecify.annotations.NullMarked
package dev.temper.convert;
