/**
 * Tensors with automatic differentiation, owned by lexical scopes.
 *
 * <p>This package is the only one that touches DJL and libtorch. It makes the engine's traps
 * impossible: a {@link dev.temper.tensor.Tensor} has no {@code close()}, host data is copied to
 * native memory before a graph can point at it, casts keep the gradient, gradient mode is set on
 * entry to every {@link dev.temper.tensor.Scope}, and a signal waits for the step that is running.
 */
@org.jspecify.annotations.NullMarked
package dev.temper.tensor;
