package dev.temper.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.checkpoint.StoredParameters;
import dev.temper.checkpoint.TensorSource;
import dev.temper.tensor.Nn;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Tensor;
import dev.temper.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A model that gives each sequence one score for each label: classifiers and reward models, {@code
 * …ForSequenceClassification} in transformers.
 *
 * <p>A decoder's head is {@code score.weight} [labels, D] without a bias, applied to the sequence's
 * last token; an encoder's is {@code classifier} with a bias, applied to the pooled first token.
 * All parameters start frozen.
 *
 * <p>Difference from transformers: a decoder's score is read at the last token, whatever it is.
 * transformers looks for the last token that is not {@code pad_token_id}, and so skips a real
 * end-of-text token where that doubles as padding; here there is no padding to skip. Dropout before
 * an encoder's head ({@code classifier_dropout}) is not applied.
 */
public final class SequenceClassifier implements Model {
  private static final int MAX_LABELS = 1_000_000;

  private final LoadedModel loaded;
  private final @Nullable Linear pooler;
  private final Parameter weight;
  private final @Nullable Parameter bias;
  private final List<Parameter> made;
  private final ObjectNode config;
  private final List<String> labels;

  private SequenceClassifier(
      LoadedModel loaded,
      @Nullable Linear pooler,
      List<Parameter> head,
      boolean fresh,
      ObjectNode config,
      List<String> labels) {
    this.loaded = loaded;
    this.pooler = pooler;
    this.weight = head.get(0);
    this.bias = head.size() > 1 ? head.get(1) : null;
    this.made = fresh ? List.copyOf(head) : List.of();
    this.config = config;
    this.labels = List.copyOf(labels);
  }

  /**
   * Loads a Hugging Face directory of a sequence classifier.
   *
   * @throws UserException if a file is missing or damaged, the family is unknown, or a tensor is
   *     missing or has the wrong shape
   */
  public static SequenceClassifier load(Path dir) {
    return LoadedModel.load(
        dir,
        Weights::new,
        loaded -> {
          String path = loaded.weights().path(Slot.CLASSIFIER, 0, 0);
          if (!loaded.weights().contains(path + ".weight")) {
            throw new UserException(
                dir
                    + ": holds no tensor '"
                    + path
                    + ".weight', so it is not a classifier; SequenceClassifier.create puts a new"
                    + " head on it");
          }
          List<String> labels = labels(loaded.directory().modelConfig());
          int width = width(loaded);
          List<Parameter> head = new ArrayList<>();
          head.add(loaded.weights().tensor(path + ".weight", labels.size(), width));
          if (isEncoder(loaded)) {
            head.add(loaded.weights().tensor(path + ".bias", labels.size()));
          }
          return new SequenceClassifier(
              loaded, requiredPooler(loaded), head, false, config(loaded, labels), labels);
        });
  }

  /**
   * Loads a directory of any other model of a known family and puts a new head on it, drawn from a
   * normal distribution with the config's {@code initializer_range} (0.02 if it says nothing). What
   * head the file has is left out.
   *
   * @param labels names of the labels, at least one, all different
   * @throws UserException as {@link #load} does
   */
  public static SequenceClassifier create(Path dir, List<String> labels, long seed) {
    return LoadedModel.load(dir, Weights::new, loaded -> withHead(loaded, labels, seed));
  }

  /**
   * Puts a new head on a language model, as {@link #create} does. The classifier owns the model
   * from then on: train, save and close the classifier only.
   *
   * @param labels how many, named {@code LABEL_0} and so on; 1 for a reward model
   */
  public static SequenceClassifier of(CausalLm model, int labels, long seed) {
    if (labels < 1 || labels > MAX_LABELS) {
      throw new IllegalArgumentException("labels: " + labels + " must be from 1 to " + MAX_LABELS);
    }
    return of(model, unnamed(labels), seed);
  }

  /** Puts a new head with named labels on a language model. */
  public static SequenceClassifier of(CausalLm model, List<String> labels, long seed) {
    return withHead(model.loaded(), labels, seed);
  }

  private static SequenceClassifier withHead(LoadedModel loaded, List<String> labels, long seed) {
    if (labels.isEmpty() || new HashSet<>(labels).size() < labels.size()) {
      throw new IllegalArgumentException(
          "labels: " + labels + " must be at least one, all different");
    }
    Linear pooler = requiredPooler(loaded);
    String path = loaded.weights().path(Slot.CLASSIFIER, 0, 0);
    int width = width(loaded);
    double range = loaded.directory().modelConfig().number("initializer_range", 0.02);
    List<Parameter> head = new ArrayList<>();
    head.add(
        Parameter.of(
            path + ".weight",
            Rng.of(seed).split(path).gaussians(Math.multiplyExact(labels.size(), width), range),
            labels.size(),
            width));
    if (isEncoder(loaded)) {
      head.add(Parameter.of(path + ".bias", new float[labels.size()], labels.size()));
    }
    return new SequenceClassifier(loaded, pooler, head, true, config(loaded, labels), labels);
  }

  private static boolean isEncoder(LoadedModel loaded) {
    return loaded.body().spec().head() instanceof HeadSpec.Pooler;
  }

  /** What comes out of the body. */
  private static int width(LoadedModel loaded) {
    ModelSpec spec = loaded.body().spec();
    return isEncoder(loaded) ? spec.width() : spec.embedding().width();
  }

  private static @Nullable Linear requiredPooler(LoadedModel loaded) {
    if (!isEncoder(loaded)) {
      return null;
    }
    return Encoder.pooler(loaded)
        .orElseThrow(
            () ->
                new UserException(
                    loaded.directory().path()
                        + ": the file holds no pooler, on which this family's classifiers stand"));
  }

  private static List<String> labels(ModelConfig config) {
    JsonNode names = config.json().path("id2label");
    if (!names.isObject() || names.isEmpty()) {
      int count = config.integer("num_labels", 2);
      if (count > MAX_LABELS) {
        throw config.error("'num_labels' is " + count + "; at most " + MAX_LABELS + " are read");
      }
      return unnamed(count);
    }
    List<String> out = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      JsonNode name = names.path(Integer.toString(i));
      if (!name.isTextual()) {
        throw config.error("'id2label' needs a text for each of 0 to " + (names.size() - 1));
      }
      out.add(name.textValue());
    }
    return out;
  }

  private static List<String> unnamed(int count) {
    return IntStream.range(0, count).mapToObj(i -> "LABEL_" + i).toList();
  }

  private static ObjectNode config(LoadedModel loaded, List<String> labels) {
    ObjectNode out = Architectures.rename(loaded.directory().config(), "ForSequenceClassification");
    out.remove("num_labels");
    ObjectNode names = out.putObject("id2label");
    ObjectNode ids = out.putObject("label2id");
    for (int i = 0; i < labels.size(); i++) {
      names.put(Integer.toString(i), labels.get(i));
      ids.put(labels.get(i), i);
    }
    return out;
  }

  @Override
  public ModelSpec spec() {
    return loaded.body().spec();
  }

  @Override
  public Family family() {
    return loaded.family();
  }

  /** config.json of the classifier, with {@code id2label}; unknown keys are kept. */
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

  /** Names of the labels, in the order of the scores. */
  public List<String> labels() {
    return labels;
  }

  @Override
  public List<Block> blocks() {
    return loaded.body().blocks();
  }

  /** The linears of every block and the pooler. The head is not among them: it is trained whole. */
  @Override
  public List<Linear> linears() {
    return Stream.concat(loaded.body().linears().stream(), Stream.ofNullable(pooler)).toList();
  }

  /** The parameters of body and head; a vocabulary head that is not tied is not among them. */
  @Override
  public List<Parameter> parameters() {
    String vocabulary = loaded.family().names().modules().getOrDefault(Slot.HEAD, "");
    return Stream.concat(
            loaded.weights().loaded().values().stream()
                .filter(p -> !p.name().equals(vocabulary + ".weight")),
            made.stream())
        .toList();
  }

  /**
   * The parameters of the head, to train them beside an adapter, which freezes everything it is
   * attached to.
   */
  public List<Parameter> headParameters() {
    return bias == null ? List.of(weight) : List.of(weight, bias);
  }

  @Override
  public Tensor hidden(TokenBatch batch) {
    return loaded.hidden(batch, null);
  }

  /**
   * Hidden states of every layer [N, D]: what goes into each block, first the embeddings, and at
   * the end the final hidden states.
   *
   * @param tokenTypes type of each token [N], null for 0 everywhere
   */
  public List<Tensor> hiddenStates(TokenBatch batch, int @Nullable [] tokenTypes) {
    return loaded.body().states(batch, tokenTypes);
  }

  /**
   * Scores [S, labels], one row for each segment; that of a segment which others have as their
   * prefix is the score of the prefix alone. All tokens are of type 0.
   */
  public Tensor scores(TokenBatch batch) {
    return scores(batch, loaded.hidden(batch, null));
  }

  /**
   * Scores [S, labels].
   *
   * @param tokenTypes type of each token [N]; BERT marks the second text of a pair with 1
   */
  public Tensor scores(TokenBatch batch, int[] tokenTypes) {
    return scores(batch, loaded.hidden(batch, tokenTypes));
  }

  private Tensor scores(TokenBatch batch, Tensor hidden) {
    Tensor features =
        pooler == null
            ? Pooling.LAST.apply(hidden, batch.segments())
            : pooler.apply(Pooling.FIRST.apply(hidden, batch.segments())).tanh();
    return Nn.linear(features, weight.value(), bias == null ? null : bias.value());
  }

  /** Saves the classifier; transformers loads it and computes the same scores. */
  @Override
  public void save(Path dir, SaveType type) {
    String body = family().names().body();
    List<Parameter> head = headParameters();
    Function<Parameter, TensorSource> stored =
        p -> {
          TensorSource source = StoredParameters.source(p);
          return head.contains(p) || p.name().startsWith(body)
              ? source
              : source.named(body + p.name());
        };
    loaded.save(dir, config, type, parameters().stream().map(stored).toList());
  }

  @Override
  public void close() {
    loaded.close();
    made.forEach(Parameter::close);
  }
}
