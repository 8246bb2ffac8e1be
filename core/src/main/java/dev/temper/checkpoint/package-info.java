/**
 * Hugging Face model directories: safetensors files, shards and their index, config.json; all
 * writes are atomic.
 */
@org.jspecify.annotations.NullMarked
package dev.temper.checkpoint;
