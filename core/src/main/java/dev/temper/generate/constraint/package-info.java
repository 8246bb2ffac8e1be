/**
 * Constrained decoding: completions that match a regular expression or a JSON schema, whatever the
 * model.
 *
 * <p>A {@link dev.temper.generate.constraint.Regex} is compiled to a finite automaton over UTF-8
 * bytes, whose states are made as they are reached. The bytes of all tokens form a prefix tree;
 * walking tree and automaton together gives the tokens allowed in a state, once for each state
 * ({@link dev.temper.generate.constraint.RegexConstraint}). {@link
 * dev.temper.generate.constraint.JsonSchema} turns a schema into such an expression.
 */
@org.jspecify.annotations.NullMarked
package dev.temper.generate.constraint;
