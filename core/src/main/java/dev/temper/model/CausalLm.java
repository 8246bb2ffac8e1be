package dev.temper.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.CheckpointWriter;
import dev.temper.checkpoint.StoredParameters;
import dev.temper.checkpoint.TensorSource;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Tensor;
import dev.temper.text.NewToken;
import dev.temper.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A decoder language model in memory: load a Hugging Face directory, run it, train it, save it.
 *
 * <p>Weights stored as F32 are memory-mapped and cost nothing until trained; other types are
 * widened to F32 on load. All parameters start frozen: {@link #trainAll} or an adapter makes some
 * trainable.
 *
 * <pre>{@code
 * try (CausalLm model = CausalLm.load(Path.of("SmolLM2-135M-Instruct"))) { … }
 * }</pre>
 */
public final class CausalLm implements Model {
  private final ModelDirectory directory;
  private final Family family;
  private final Weights weights;
  private final Transformer body;
  private final Head head;

  private CausalLm(ModelDirectory directory, Family family, Weights weights, ModelSpec spec) {
    this.directory = directory;
    this.family = family;
    this.weights = weights;
    this.body = new Transformer(spec, weights);
    this.head =
        body.head(weights)
            .orElseThrow(
                () ->
                    new UserException(
                        directory.path()
                            + ": a model of family '"
                            + family.type()
                            + "' is an encoder and has no language-model head"));
  }

  /**
   * Loads a Hugging Face model directory, or a GGUF file, whose weights are dequantised.
   *
   * @throws UserException if a file is missing or damaged, the family is unknown, a tensor is
   *     missing or has the wrong shape
   */
  public static CausalLm load(Path dir) {
    ModelDirectory directory = ModelDirectory.open(dir);
    directory.startTokenizer();
    return load(directory, Checkpoint.open(dir));
  }

  /**
   * Loads a model and teaches its tokenizer new tokens. Each gets a row in the token table, and in
   * the head where that is a table of its own: the mean of the rows of the tokens there were.
   * Tokens that exist already change nothing. {@link #save} writes the larger vocabulary.
   *
   * @throws UserException if the directory has no tokenizer, or as in {@link #load(Path)}
   */
  public static CausalLm load(Path dir, List<NewToken> tokens) {
    ModelDirectory original = ModelDirectory.open(dir);
    if (!original.hasTokenizer()) {
      throw new UserException(dir + ": has no tokenizer.json to add tokens to");
    }
    Names names = Families.of(original.modelConfig()).names();
    int rows =
        Families.spec(Families.of(original.modelConfig()), original.modelConfig()).vocabulary();
    int known = original.tokenizer().vocabularySize();
    ModelDirectory directory = original.withTokens(tokens, rows);
    int wanted = directory.tokenizer().vocabularySize();
    Checkpoint checkpoint = Checkpoint.open(dir);
    return load(
        directory,
        wanted == known ? checkpoint : AddedRows.extend(checkpoint, names, known, wanted));
  }

  private static CausalLm load(ModelDirectory directory, Checkpoint checkpoint) {
    ModelConfig config = directory.modelConfig();
    Family family = Families.of(config);
    ModelSpec spec = Families.spec(family, config);
    Weights weights = new Weights(checkpoint, family.names());
    boolean complete = false;
    try {
      CausalLm model = new CausalLm(directory, family, weights, spec);
      complete = true;
      return model;
    } finally {
      if (!complete) {
        weights.close();
        directory.close();
      }
    }
  }

  /** The architecture. */
  @Override
  public ModelSpec spec() {
    return body.spec();
  }

  /** The family it belongs to. */
  @Override
  public Family family() {
    return family;
  }

  /** config.json as loaded; unknown keys are kept when the model is saved. */
  @Override
  public ObjectNode config() {
    return directory.config();
  }

  /** Where it was loaded from. */
  @Override
  public Path source() {
    return directory.path();
  }

  /** Whether the directory holds a tokenizer. */
  @Override
  public boolean hasTokenizer() {
    return directory.hasTokenizer();
  }

  /**
   * The tokenizer of the model's directory, which is read while the model loads.
   *
   * @throws UserException if it has ids beyond the token table
   */
  @Override
  public Tokenizer tokenizer() {
    Tokenizer read = directory.tokenizer();
    read.requireFits(spec().vocabulary());
    return read;
  }

  /** The blocks, first to last. */
  @Override
  public List<Block> blocks() {
    return body.blocks();
  }

  /** Every linear layer of every block. */
  @Override
  public List<Linear> linears() {
    return body.linears();
  }

  /** Every parameter once, under its name in the files. */
  @Override
  public List<Parameter> parameters() {
    return List.copyOf(weights.loaded().values());
  }

  /** The language-model head. */
  public Head head() {
    return head;
  }

  /** Makes every parameter trainable: full fine-tuning. */
  @Override
  public void trainAll() {
    weights.loaded().values().forEach(p -> p.setTrainable(true));
  }

  /** Makes every parameter frozen. */
  @Override
  public void freeze() {
    weights.loaded().values().forEach(p -> p.setTrainable(false));
  }

  /** Final hidden states [N, D], after the last norm. */
  @Override
  public Tensor hidden(TokenBatch batch) {
    return hidden(batch, UnaryOperator.identity());
  }

  /**
   * Final hidden states, with a function applied to the embeddings [N, D] first (noise, soft
   * prompts).
   */
  public Tensor hidden(TokenBatch batch, UnaryOperator<Tensor> onEmbeddings) {
    return body.run(batch, null, onEmbeddings, Transformer.NOBODY);
  }

  /**
   * Hidden states of every layer: what goes into each block, first the embeddings, and at the end
   * the final hidden states.
   */
  public List<Tensor> hiddenStates(TokenBatch batch) {
    return body.states(batch, null);
  }

  /**
   * Final hidden states, and what the routers of a mixture of experts said on the way.
   *
   * @param hidden [N, D]
   * @param routerLogits [N, E] for each block that has a router, first to last
   */
  public record Routed(Tensor hidden, List<Tensor> routerLogits) {}

  /** Final hidden states with the scores of every router, for {@link RouterLoss}. */
  public Routed routed(TokenBatch batch) {
    return routed(batch, UnaryOperator.identity());
  }

  /** The same, with a function applied to the embeddings [N, D] first. */
  public Routed routed(TokenBatch batch, UnaryOperator<Tensor> onEmbeddings) {
    List<Tensor> logits = new ArrayList<>();
    Tensor hidden =
        body.run(
            batch,
            null,
            onEmbeddings,
            new Transformer.Observer() {
              @Override
              public void router(int layer, Tensor scores) {
                logits.add(scores);
              }
            });
    return new Routed(hidden, List.copyOf(logits));
  }

  /** Everything but the head, for a model that ends in another way. */
  LoadedModel loaded() {
    return new LoadedModel(directory, family, weights, body);
  }

  /** The body, for decoding. */
  Transformer body() {
    return body;
  }

  /** Saves as F32. */
  @Override
  public void save(Path dir) {
    save(dir, SaveType.F32);
  }

  /**
   * Saves a Hugging Face directory: weights, config.json with every key it does not change,
   * tokenizer and generation files.
   */
  @Override
  public void save(Path dir, SaveType type) {
    save(dir, type, CheckpointWriter.DEFAULT_SHARD_BYTES);
  }

  /**
   * Saves with shards of at most {@code maxShardBytes}. The directory is replaced as a whole, so
   * that an error or a kill leaves the old model or the new one; files of other names are kept. A
   * model may be saved over the one it was loaded from.
   */
  public void save(Path dir, SaveType type, long maxShardBytes) {
    List<TensorSource> tensors =
        weights.loaded().values().stream()
            .map(p -> StoredParameters.source(p).as(type.stored()))
            .toList();
    AtomicFiles.replaceDirectory(
        dir,
        CheckpointWriter::isWeights,
        staged -> {
          directory.saveAround(staged, type);
          CheckpointWriter.fill(staged, tensors, maxShardBytes);
        });
  }

  /** Frees the weights and the tokenizer. */
  @Override
  public void close() {
    weights.close();
    directory.close();
  }
}
