package dev.temper.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.CheckpointWriter;
import dev.temper.checkpoint.TensorSource;
import dev.temper.tensor.Tensor;
import dev.temper.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A model without what it ends in: its directory, its weights, its body. */
record LoadedModel(ModelDirectory directory, Family family, Weights weights, Transformer body) {
  /**
   * Opens a directory and makes a model of it; whatever fails, nothing stays open.
   *
   * @param naming how the paths of modules and the names of the file go together
   */
  static <T> T load(
      Path dir, BiFunction<Checkpoint, Names, Weights> naming, Function<LoadedModel, T> make) {
    ModelDirectory directory = ModelDirectory.open(dir);
    @Nullable Weights weights = null;
    boolean complete = false;
    try {
      directory.startTokenizer();
      ModelConfig config = directory.modelConfig();
      Family family = Families.of(config);
      ModelSpec spec = Families.spec(family, config);
      weights = naming.apply(Checkpoint.open(dir), family.names());
      T made =
          make.apply(new LoadedModel(directory, family, weights, new Transformer(spec, weights)));
      complete = true;
      return made;
    } finally {
      if (!complete) {
        if (weights != null) {
          weights.close();
        }
        directory.close();
      }
    }
  }

  /** The tokenizer, which must fit the token table. */
  Tokenizer tokenizer() {
    Tokenizer read = directory.tokenizer();
    read.requireFits(body.spec().vocabulary());
    return read;
  }

  /** Final hidden states [N, D]. */
  Tensor hidden(TokenBatch batch, int @Nullable [] tokenTypes) {
    return body.run(batch, tokenTypes, UnaryOperator.identity(), Transformer.NOBODY);
  }

  /** Replaces {@code dir} by a Hugging Face directory with these tensors and this config. */
  void save(Path dir, ObjectNode config, SaveType type, List<TensorSource> tensors) {
    AtomicFiles.replaceDirectory(
        dir,
        CheckpointWriter::isWeights,
        staged -> {
          directory.saveAround(staged, config, type);
          CheckpointWriter.fill(
              staged,
              tensors.stream().map(t -> t.as(type.stored())).toList(),
              CheckpointWriter.DEFAULT_SHARD_BYTES);
        });
  }

  void close() {
    weights.close();
    directory.close();
  }
}
