/** Tests that cross modules: architecture, the algorithm index, the BOM. */
@org.jspecify.annotations.NullMarked
package dev.temper.tests;
