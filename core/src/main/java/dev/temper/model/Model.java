package dev.temper.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Tensor;
import dev.temper.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;

/**
 * What all models have in common, whatever they end in: adapters attach to any of them, trainers
 * train any of them.
 */
public sealed interface Model extends AutoCloseable permits CausalLm, Encoder, SequenceClassifier {
  /** The architecture. */
  ModelSpec spec();

  /** The family it belongs to. */
  Family family();

  /** config.json as it is saved; keys the library does not know are kept. */
  ObjectNode config();

  /** Where it was loaded from. */
  Path source();

  /** Whether the directory holds a tokenizer. */
  boolean hasTokenizer();

  /** The tokenizer of the model's directory. */
  Tokenizer tokenizer();

  /** The blocks, first to last. */
  List<Block> blocks();

  /** The linear layers that can be decorated: those of every block, and an encoder's pooler. */
  List<Linear> linears();

  /** Every parameter once. */
  List<Parameter> parameters();

  /** Makes every parameter trainable: full fine-tuning. */
  default void trainAll() {
    parameters().forEach(p -> p.setTrainable(true));
  }

  /** Makes every parameter frozen. */
  default void freeze() {
    parameters().forEach(p -> p.setTrainable(false));
  }

  /** Final hidden states [N, D]. */
  Tensor hidden(TokenBatch batch);

  /** Saves a Hugging Face directory as F32. */
  default void save(Path dir) {
    save(dir, SaveType.F32);
  }

  /** Saves a Hugging Face directory: weights, config.json, tokenizer and generation files. */
  void save(Path dir, SaveType type);

  /** Frees the weights and the tokenizer. */
  @Override
  void close();
}
