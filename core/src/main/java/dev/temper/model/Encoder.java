package dev.temper.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.checkpoint.StoredParameters;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Tensor;
import dev.temper.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A bidirectional encoder in memory, such as BERT (Devlin et al. 2019, arXiv:1810.04805): texts to
 * vectors, for retrieval and classification. {@link SequenceClassifier} puts a head on it.
 *
 * <p>Every segment of a batch is one sequence; segments cannot share a prefix. All parameters start
 * frozen: {@link #trainAll} or an adapter makes some trainable.
 *
 * <pre>{@code
 * try (Encoder encoder = Encoder.load(Path.of("bge-small-en"))) {
 *   Tensor vectors = encoder.pooled(TokenBatch.of(sequences), Pooling.MEAN);
 * }
 * }</pre>
 */
public final class Encoder implements Model {
  private final LoadedModel loaded;
  private final @Nullable Linear pooler;
  private final ObjectNode config;

  private Encoder(LoadedModel loaded) {
    this.loaded = loaded;
    this.pooler = pooler(loaded).orElse(null);
    this.config = Architectures.rename(loaded.directory().config(), "Model");
  }

  /**
   * Loads a Hugging Face directory of the bare model ({@code BertModel}), or of one with a head
   * ({@code BertForMaskedLM}), whose head is left out.
   *
   * @throws UserException if a file is missing or damaged, the family is unknown or not an encoder,
   *     or a tensor is missing or has the wrong shape
   */
  public static Encoder load(Path dir) {
    return LoadedModel.load(
        dir,
        Weights::ofBody,
        loaded -> {
          if (!(loaded.body().spec().head() instanceof HeadSpec.Pooler)) {
            throw new UserException(
                dir
                    + ": a model of family '"
                    + loaded.family().type()
                    + "' is a decoder; load it with CausalLm, whose hidden states Pooling pools too");
          }
          return new Encoder(loaded);
        });
  }

  /** The dense layer on the first token, if the file holds one. */
  static Optional<Linear> pooler(LoadedModel loaded) {
    Weights weights = loaded.weights();
    String path = weights.path(Slot.POOLER, 0, 0);
    int width = loaded.body().spec().width();
    return weights.contains(path + ".weight")
        ? Optional.of(weights.linear(path, LinearLayout.OUT_IN, width, width, true))
        : Optional.empty();
  }

  @Override
  public ModelSpec spec() {
    return loaded.body().spec();
  }

  @Override
  public Family family() {
    return loaded.family();
  }

  /**
   * config.json, its {@code architectures} naming the bare model; unknown keys are kept when the
   * model is saved.
   */
  @Override
  public ObjectNode config() {
    return config;
  }

  @Override
  public Path source() {
    return loaded.directory().path();
  }

  @Override
  public boolean hasTokenizer() {
    return loaded.directory().hasTokenizer();
  }

  /**
   * The tokenizer of the model's directory.
   *
   * @throws UserException if it has ids beyond the token table
   */
  @Override
  public Tokenizer tokenizer() {
    return loaded.tokenizer();
  }

  @Override
  public List<Block> blocks() {
    return loaded.body().blocks();
  }

  @Override
  public List<Linear> linears() {
    return Stream.concat(loaded.body().linears().stream(), Stream.ofNullable(pooler)).toList();
  }

  /** Every parameter once, under its name in the files. */
  @Override
  public List<Parameter> parameters() {
    return List.copyOf(loaded.weights().loaded().values());
  }

  /** Final hidden states [N, D], all tokens of type 0. */
  @Override
  public Tensor hidden(TokenBatch batch) {
    return loaded.hidden(batch, null);
  }

  /**
   * Final hidden states [N, D].
   *
   * @param tokenTypes type of each token [N]; BERT marks the second text of a pair with 1
   */
  public Tensor hidden(TokenBatch batch, int[] tokenTypes) {
    return loaded.hidden(batch, tokenTypes);
  }

  /**
   * Hidden states of every layer [N, D]: what goes into each block, first the embeddings, and at
   * the end the final hidden states.
   */
  public List<Tensor> hiddenStates(TokenBatch batch, int[] tokenTypes) {
    return loaded.body().states(batch, tokenTypes);
  }

  /** Whether the file holds a pooler. */
  public boolean hasPooler() {
    return pooler != null;
  }

  /** {@link #pool}ed final hidden states [S, D], all tokens of type 0. */
  public Tensor pooled(TokenBatch batch) {
    return pool(hidden(batch), batch.segments());
  }

  /** Final hidden states pooled as {@code pooling} says [S, D], all tokens of type 0. */
  public Tensor pooled(TokenBatch batch, Pooling pooling) {
    return pooling.apply(hidden(batch), batch.segments());
  }

  /**
   * tanh(W h + b) of each sequence's first token: what BERT calls the pooled output.
   *
   * @param hidden final hidden states [N, D]
   * @return [S, D]
   * @throws UserException if the file holds no pooler
   */
  public Tensor pool(Tensor hidden, Segments segments) {
    if (pooler == null) {
      throw new UserException(
          source() + ": the file holds no pooler; use pooled(batch, Pooling.MEAN) or FIRST");
    }
    return pooler.apply(Pooling.FIRST.apply(hidden, segments)).tanh();
  }

  /** Saves the bare model, whatever head its file had. */
  @Override
  public void save(Path dir, SaveType type) {
    String body = family().names().body();
    loaded.save(
        dir,
        config,
        type,
        parameters().stream()
            .map(StoredParameters::source)
            .map(t -> t.name().startsWith(body) ? t.named(t.name().substring(body.length())) : t)
            .toList());
  }

  @Override
  public void close() {
    loaded.close();
  }
}
