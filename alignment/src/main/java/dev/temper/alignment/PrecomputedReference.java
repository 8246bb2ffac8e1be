package dev.temper.alignment;

import dev.temper.UserException;
import dev.temper.checkpoint.CheckpointWriter;
import dev.temper.checkpoint.SafetensorsFile;
import dev.temper.checkpoint.StoredParameters;
import dev.temper.checkpoint.StoredType;
import dev.temper.checkpoint.TensorSource;
import dev.temper.data.TokenBudget;
import dev.temper.model.CausalLm;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Log-probabilities computed once, before training, and looked up by the tokens themselves.
 *
 * <p>With a cache directory they are also kept on disk under a hash of the data and of every weight
 * of the model, so that the next run with both unchanged computes nothing.
 *
 * @param by the model that computes them; empty: the policy before training
 * @param cache directory for the files
 */
public record PrecomputedReference(Optional<CausalLm> by, Optional<Path> cache)
    implements Reference {
  private static final String TENSOR = "log_probs";

  /** The same, with the results kept in files in {@code directory}. */
  public PrecomputedReference cachedIn(Path directory) {
    return new PrecomputedReference(by, Optional.of(directory));
  }

  @Override
  public Tensor logProbs(CausalLm policy, CompletionBatch batch) {
    throw new IllegalStateException(
        "Reference.precomputed() must be prepared with the data first, as trainers do");
  }

  @Override
  public boolean scoresAnything() {
    return false;
  }

  @Override
  public Reference prepared(
      CausalLm policy,
      List<Parameter> trained,
      List<CompletionBatch.Branches> data,
      int tokenBudget) {
    by.ifPresent(other -> ModelReference.requireSameTokens(policy, other));
    CausalLm scorer = by.orElse(policy);
    List<CompletionBatch.Branches> distinct = distinct(data);
    Optional<Path> file = cache.map(dir -> dir.resolve(name(scorer, trained, distinct)));
    float[] values =
        file.filter(Files::exists)
            .map(f -> read(f, rows(distinct)))
            .orElseGet(() -> compute(scorer, distinct, tokenBudget));
    file.filter(f -> !Files.exists(f)).ifPresent(f -> write(f, values));
    return new Table(index(distinct, values));
  }

  private static List<CompletionBatch.Branches> distinct(List<CompletionBatch.Branches> data) {
    Set<List<Key>> seen = new LinkedHashSet<>();
    return data.stream().filter(group -> seen.add(keys(group))).toList();
  }

  private static int rows(List<CompletionBatch.Branches> groups) {
    return groups.stream().flatMap(g -> g.completions().stream()).mapToInt(c -> c.length).sum();
  }

  private static float[] compute(
      CausalLm scorer, List<CompletionBatch.Branches> groups, int tokenBudget) {
    float[] out = new float[rows(groups)];
    int at = 0;
    int[] lengths = groups.stream().mapToInt(CompletionBatch.Branches::size).toArray();
    for (int[] micro : TokenBudget.split(lengths, tokenBudget)) {
      CompletionBatch batch =
          CompletionBatch.of(Arrays.stream(micro).mapToObj(groups::get).toList());
      float[] part =
          Scope.run("reference", () -> Autograd.off(() -> batch.logProbs(scorer).toFloats()));
      System.arraycopy(part, 0, out, at, part.length);
      at += part.length;
    }
    return out;
  }

  private static Map<Key, float[]> index(List<CompletionBatch.Branches> groups, float[] values) {
    Map<Key, float[]> out = new HashMap<>();
    int at = 0;
    for (CompletionBatch.Branches group : groups) {
      for (int[] completion : group.completions()) {
        out.put(
            Key.of(group.prompt(), completion),
            Arrays.copyOfRange(values, at, at + completion.length));
        at += completion.length;
      }
    }
    return out;
  }

  private static List<Key> keys(CompletionBatch.Branches group) {
    return group.completions().stream().map(c -> Key.of(group.prompt(), c)).toList();
  }

  private static float[] read(Path file, int rows) {
    SafetensorsFile stored = SafetensorsFile.open(file);
    if (!stored.names().contains(TENSOR)
        || !Arrays.equals(stored.info(TENSOR).dims(), new long[] {rows})) {
      throw new UserException(
          file + ": is not the log-probabilities of this data; delete it to have it made again");
    }
    try (Parameter values = StoredParameters.load(stored.source(TENSOR))) {
      return values.toFloats();
    }
  }

  private static void write(Path file, float[] values) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
    } catch (java.io.IOException e) {
      throw new UserException(file + ": the directory cannot be made: " + e.getMessage(), e);
    }
    CheckpointWriter.writeFile(
        file,
        List.of(
            TensorSource.floats(TENSOR, StoredType.F32, new long[] {values.length}, () -> values)));
  }

  /** A file name that stands for the data, in its order, and for every weight of the model. */
  private static String name(
      CausalLm scorer, List<Parameter> trained, List<CompletionBatch.Branches> groups) {
    MessageDigest digest = sha256();
    for (CompletionBatch.Branches group : groups) {
      digest.update(bytes(group.prompt()));
      group.completions().forEach(c -> digest.update(bytes(c)));
    }
    Set<Parameter> all = new LinkedHashSet<>(scorer.parameters());
    all.addAll(trained);
    ByteBuffer buffer = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
    for (Parameter p : all) {
      digest.update(p.name().getBytes(java.nio.charset.StandardCharsets.UTF_8));
      long size = p.size() * Float.BYTES;
      for (long at = 0; at < size; at += buffer.limit()) {
        p.read(at, buffer.clear().limit((int) Math.min(buffer.capacity(), size - at)));
        digest.update(buffer.rewind());
      }
    }
    return "reference-" + HexFormat.of().formatHex(digest.digest(), 0, 16) + ".safetensors";
  }

  private static byte[] bytes(int[] ids) {
    ByteBuffer out = ByteBuffer.allocate((ids.length + 1) * Integer.BYTES);
    out.putInt(ids.length);
    out.asIntBuffer().put(ids);
    return out.array();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /** A completion behind its prompt, as 128 bits of a hash. */
  private record Key(long high, long low) {
    static Key of(int[] prompt, int[] completion) {
      MessageDigest digest = sha256();
      digest.update(bytes(prompt));
      ByteBuffer hash = ByteBuffer.wrap(digest.digest(bytes(completion)));
      return new Key(hash.getLong(), hash.getLong());
    }
  }

  /** What was computed. */
  private record Table(Map<Key, float[]> values) implements Reference {
    @Override
    public Tensor logProbs(CausalLm policy, CompletionBatch batch) {
      List<float[]> parts = new ArrayList<>();
      for (CompletionBatch.Branches group : batch.groups()) {
        for (Key key : keys(group)) {
          float[] found = values.get(key);
          if (found == null) {
            throw new UserException(
                "the reference's log-probabilities were computed before training and a completion"
                    + " is not among them: give a reference model instead");
          }
          parts.add(found);
        }
      }
      float[] all = new float[batch.targets().length];
      int at = 0;
      for (float[] part : parts) {
        System.arraycopy(part, 0, all, at, part.length);
        at += part.length;
      }
      return Tensors.of(all, all.length);
    }

    @Override
    public boolean scoresAnything() {
      return false;
    }
  }
}
