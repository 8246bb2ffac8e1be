/** Supervised fine-tuning: examples from chats, prompts and texts; the objective; the trainer. */
@org.jspecify.annotations.NullMarked
package dev.temper.sft;
