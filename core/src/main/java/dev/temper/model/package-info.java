/**
 * Decoder language models whose architecture is data: a spec read from config.json, weights from
 * safetensors, replaceable linears.
 */
@org.jspecify.annotations.NullMarked
package dev.temper.model;
