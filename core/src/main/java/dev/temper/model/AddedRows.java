package dev.temper.model;

import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.Floats;
import dev.temper.checkpoint.TensorInfo;
import dev.temper.checkpoint.TensorSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A checkpoint whose vocabulary tables have rows for new tokens: each is the mean of the rows of
 * the tokens there were, so that a new token starts as likely and as neutral as an average one
 * (Hewitt 2021, "Initializing New Word Embeddings for Pretrained Language Models").
 *
 * <p>Difference from transformers: {@code resize_token_embeddings} draws the rows from a normal
 * distribution around that mean with a billionth of the tokens' covariance, and cuts spare rows at
 * the end of a table off; here rows are the mean itself, and spare rows are used and stay.
 */
final class AddedRows {
  private static final int ROWS_AT_ONCE = 1024;

  private AddedRows() {}

  /**
   * The checkpoint with rows for ids {@code known} to {@code vocabulary}.
   *
   * @param known tokens there were
   * @param vocabulary rows the tables must have; rows beyond it stay
   */
  static Checkpoint extend(Checkpoint checkpoint, Names names, int known, int vocabulary) {
    String tokens = names.path(Slot.TOKENS, 0, 0) + ".weight";
    Set<String> tables =
        names.modules().containsKey(Slot.HEAD)
            ? Set.of(
                tokens,
                tokens.substring(names.body().length()),
                names.path(Slot.HEAD, 0, 0) + ".weight")
            : Set.of(tokens, tokens.substring(names.body().length()));
    List<TensorSource> out = new ArrayList<>();
    for (String name : checkpoint.names()) {
      TensorSource source = checkpoint.source(name);
      out.add(tables.contains(name) ? extend(source, known, vocabulary) : source);
    }
    return Checkpoint.of(checkpoint.source(), out);
  }

  private static TensorSource extend(TensorSource table, int known, int vocabulary) {
    long[] shape = table.dims();
    int rows = Math.toIntExact(shape[0]);
    int width = Math.toIntExact(shape[1]);
    int kept = Math.min(known, rows);
    float[] mean = mean(table, kept, width);
    int added = vocabulary - kept;
    float[] values = new float[added * width];
    for (int r = 0; r < added; r++) {
      System.arraycopy(mean, 0, values, r * width, width);
    }
    List<TensorSource> parts = new ArrayList<>();
    parts.add(table.rows(0, kept));
    parts.add(
        TensorSource.floats(table.name(), table.type(), new long[] {added, width}, () -> values));
    if (vocabulary < rows) {
      parts.add(table.rows(vocabulary, rows));
    }
    return TensorSource.concatenate(table.name(), parts);
  }

  private static float[] mean(TensorSource table, int rows, int width) {
    double[] sums = new double[width];
    for (int from = 0; from < rows; from += ROWS_AT_ONCE) {
      int to = Math.min(rows, from + ROWS_AT_ONCE);
      TensorSource part = table.rows(from, to);
      ByteBuffer bytes =
          ByteBuffer.allocate(Math.toIntExact(part.byteSize())).order(ByteOrder.LITTLE_ENDIAN);
      part.data().read(0, bytes);
      float[] values =
          Floats.widen(
              new TensorInfo(part.name(), part.type(), part.shape(), 0, part.byteSize()),
              bytes.flip());
      for (int i = 0; i < values.length; i++) {
        sums[i % width] += values[i];
      }
    }
    float[] mean = new float[width];
    for (int i = 0; i < width; i++) {
      mean[i] = (float) (sums[i] / rows);
    }
    return mean;
  }
}
