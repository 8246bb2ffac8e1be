package dev.temper.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.CheckpointWriter;
import dev.temper.checkpoint.StoredParameters;
import dev.temper.checkpoint.TensorInfo;
import dev.temper.checkpoint.TensorSource;
import dev.temper.tensor.Nn;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import dev.temper.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

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
public final class CausalLm implements AutoCloseable {
  private final ModelDirectory directory;
  private final DecoderSpec spec;
  private final Map<String, Parameter> parameters;
  private final List<Block> blocks;
  private final Parameter embedding;
  private final Parameter finalNorm;
  private final Head head;

  private CausalLm(ModelDirectory directory, DecoderSpec spec, Map<String, Parameter> parameters) {
    this.directory = directory;
    this.spec = spec;
    this.parameters = parameters;
    this.embedding = parameter("model.embed_tokens.weight");
    this.finalNorm = parameter("model.norm.weight");
    this.head = new Head(spec.tied() ? embedding : parameter("lm_head.weight"));
    List<Block> made = new ArrayList<>();
    for (int i = 0; i < spec.layers(); i++) {
      made.add(block("model.layers." + i + "."));
    }
    this.blocks = List.copyOf(made);
  }

  private Block block(String p) {
    return new Block(
        parameter(p + "input_layernorm.weight"),
        linear(p + "self_attn.q_proj"),
        linear(p + "self_attn.k_proj"),
        linear(p + "self_attn.v_proj"),
        linear(p + "self_attn.o_proj"),
        parameter(p + "post_attention_layernorm.weight"),
        linear(p + "mlp.gate_proj"),
        linear(p + "mlp.up_proj"),
        linear(p + "mlp.down_proj"));
  }

  private Linear linear(String name) {
    return new Linear(name, parameter(name + ".weight"), parameters.get(name + ".bias"));
  }

  private Parameter parameter(String name) {
    Parameter p = parameters.get(name);
    if (p == null) {
      throw new IllegalStateException(name + " was not loaded");
    }
    return p;
  }

  /**
   * Loads a Hugging Face model directory.
   *
   * @throws UserException if a file is missing or damaged, the family is unknown, a tensor is
   *     missing or has the wrong shape, or the tokenizer has ids beyond the embedding
   */
  public static CausalLm load(Path dir) {
    ModelDirectory directory = ModelDirectory.open(dir);
    DecoderSpec spec = Families.spec(directory.config(), dir.resolve("config.json"));
    Checkpoint checkpoint = Checkpoint.open(dir);
    Map<String, Parameter> loaded = new LinkedHashMap<>();
    boolean complete = false;
    try {
      for (Map.Entry<String, long[]> e : LlamaNames.shapes(spec).entrySet()) {
        loaded.put(e.getKey(), read(checkpoint, e.getKey(), e.getValue()));
      }
      if (directory.hasTokenizer()) {
        directory.tokenizer().requireFits(spec.vocabulary());
      }
      CausalLm model = new CausalLm(directory, spec, loaded);
      complete = true;
      return model;
    } finally {
      if (!complete) {
        loaded.values().forEach(Parameter::close);
        directory.close();
      }
    }
  }

  private static Parameter read(Checkpoint checkpoint, String name, long[] shape) {
    TensorInfo info = checkpoint.info(name);
    if (!java.util.Arrays.equals(info.dims(), shape)) {
      throw new UserException(
          checkpoint.source()
              + ": tensor '"
              + name
              + "' has shape "
              + info.shape()
              + ", config.json asks for "
              + java.util.Arrays.toString(shape));
    }
    return StoredParameters.load(checkpoint.source(name));
  }

  /** The architecture. */
  public DecoderSpec spec() {
    return spec;
  }

  /** config.json as loaded; unknown keys are kept when the model is saved. */
  public ObjectNode config() {
    return directory.config();
  }

  /** Where it was loaded from. */
  public Path source() {
    return directory.path();
  }

  /** Whether the directory holds a tokenizer. */
  public boolean hasTokenizer() {
    return directory.hasTokenizer();
  }

  /** The tokenizer of the model's directory. */
  public Tokenizer tokenizer() {
    return directory.tokenizer();
  }

  /** The blocks, first to last. */
  public List<Block> blocks() {
    return blocks;
  }

  /** Every linear layer of every block. */
  public List<Linear> linears() {
    return blocks.stream().flatMap(b -> b.linears().stream()).toList();
  }

  /** Every parameter once, under its name in the files. */
  public List<Parameter> parameters() {
    return List.copyOf(parameters.values());
  }

  /** The language-model head. */
  public Head head() {
    return head;
  }

  /** Makes every parameter trainable: full fine-tuning. */
  public void trainAll() {
    parameters.values().forEach(p -> p.setTrainable(true));
  }

  /** Makes every parameter frozen. */
  public void freeze() {
    parameters.values().forEach(p -> p.setTrainable(false));
  }

  /** Final hidden states [N, D], after the last norm. */
  public Tensor hidden(TokenBatch batch) {
    return hidden(batch, UnaryOperator.identity());
  }

  /**
   * Final hidden states, with a function applied to the embeddings [N, D] first (noise, soft
   * prompts).
   */
  public Tensor hidden(TokenBatch batch, UnaryOperator<Tensor> onEmbeddings) {
    return run(batch, onEmbeddings, null);
  }

  /**
   * Keys and values of every layer, [N, Hkv, d] each, are handed to {@code into} as a prompt is
   * read.
   */
  Tensor hidden(TokenBatch batch, KeyValueListener into) {
    return run(batch, UnaryOperator.identity(), into);
  }

  /** Receives the rotated keys and the values of a layer. */
  @FunctionalInterface
  interface KeyValueListener {
    void accept(int layer, Tensor keys, Tensor values);
  }

  private Tensor run(
      TokenBatch batch, UnaryOperator<Tensor> onEmbeddings, @Nullable KeyValueListener into) {
    checkIds(batch.ids());
    Rope.Angles angles = spec.rope().angles(batch);
    long n = batch.size();
    Tensor cos = Tensors.of(angles.cos(), n, 1, spec.rope().width());
    Tensor sin = Tensors.of(angles.sin(), n, 1, spec.rope().width());
    Tensor segments = Tensors.of(batch.segments().table(), batch.segments().count(), 4);
    Tensor x = onEmbeddings.apply(embed(batch.ids()));
    for (int i = 0; i < blocks.size(); i++) {
      int layer = i;
      Tensor in = x;
      x =
          Scope.run(
              "layer " + i,
              () ->
                  blocks
                      .get(layer)
                      .forward(
                          in,
                          spec,
                          (q, k, v) -> {
                            Tensor key = Nn.rope(k, cos, sin);
                            if (into != null) {
                              into.accept(layer, key, v);
                            }
                            return Nn.attention(
                                Nn.rope(q, cos, sin), key, v, segments, spec.attentionScale());
                          }));
    }
    return norm(x);
  }

  private void checkIds(int[] ids) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= spec.vocabulary()) {
        throw new UserException(
            "token id "
                + ids[i]
                + " at place "
                + i
                + " is outside the vocabulary of "
                + spec.vocabulary());
      }
    }
  }

  Tensor embed(int[] ids) {
    return Nn.embedding(embedding.value(), Tensors.ofInts(ids));
  }

  Tensor norm(Tensor x) {
    return Nn.rmsNorm(x, finalNorm.value(), spec.normEps());
  }

  /** Saves as F32. */
  public void save(Path dir) {
    save(dir, SaveType.F32);
  }

  /**
   * Saves a Hugging Face directory: weights, config.json with every key it does not change,
   * tokenizer and generation files.
   */
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
        parameters.values().stream()
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
    parameters.values().forEach(Parameter::close);
    directory.close();
  }
}
