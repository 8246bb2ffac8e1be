/** Tests that cross modules: architecture, the README, invariants, the algorithm index, the BOM. */
@org.jspecify.annotations.NullMarked
package dev.temper.tests;
