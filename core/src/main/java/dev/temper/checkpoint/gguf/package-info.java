/**
 * GGUF files, as llama.cpp reads and writes them: their metadata and tensors, the arithmetic of
 * their quantized types, and the way to and from a Hugging Face model directory.
 */
@org.jspecify.annotations.NullMarked
package dev.temper.checkpoint.gguf;
