/** Dense linear algebra on tensors: decompositions and solvers behind one interface. */
@org.jspecify.annotations.NullMarked
package dev.temper.linalg;
