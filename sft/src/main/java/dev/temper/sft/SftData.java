package dev.temper.sft;

import dev.temper.UserException;
import dev.temper.data.DataCursor;
import dev.temper.data.DataException;
import dev.temper.data.DataOrder;
import dev.temper.data.DataSource;
import dev.temper.data.Dataset;
import dev.temper.data.PackedSequence;
import dev.temper.data.Packing;
import dev.temper.data.RowView;
import dev.temper.data.StopRule;
import dev.temper.data.TokenExample;
import dev.temper.data.Truncation;
import dev.temper.data.TypedRows;
import dev.temper.train.DatasetSource;
import dev.temper.train.Source;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Training rows, ready to be drawn: an example each, or several examples packed into one length.
 *
 * @param sources the data sets, whose weights say how they are mixed
 * @param rows the rows of each
 * @param truncated rows of the files that were cut to the maximal length
 * @param dropped rows of the files of which nothing is trained
 */
record SftData(
    List<DataSource> sources, List<List<PackedSequence>> rows, int truncated, int dropped) {
  /** Where rows come from: a file, or examples that are there already. */
  record Input(DataSource source, @Nullable List<TokenExample> examples) {
    static Input file(DataSource source) {
      return new Input(source, null);
    }

    static Input examples(List<TokenExample> examples) {
      return new Input(
          new DataSource(Path.of("examples"), OptionalDouble.empty()), List.copyOf(examples));
    }

    List<TokenExample> read(SftEncoder encoder) {
      return examples != null
          ? examples
          : TypedRows.load(source.file(), RowView.SFT).stream().map(encoder::encode).toList();
    }
  }

  /**
   * Reads, encodes and cuts or packs.
   *
   * @param vocabulary token ids are below this
   * @param packing null: one example a row
   */
  static SftData of(
      List<Input> inputs,
      SftEncoder encoder,
      int maxLength,
      int vocabulary,
      @Nullable Packing packing) {
    List<List<PackedSequence>> rows = new ArrayList<>();
    int truncated = 0;
    int dropped = 0;
    for (Input input : inputs) {
      List<TokenExample> examples = input.read(encoder);
      examples.forEach(example -> requireKnownTokens(example, vocabulary));
      Truncation.Result cut = Truncation.keepStart(maxLength).apply(examples);
      truncated += cut.truncated();
      dropped += cut.dropped();
      rows.add(rows(input, examples, cut, maxLength, packing));
    }
    return new SftData(inputs.stream().map(Input::source).toList(), rows, truncated, dropped);
  }

  private static List<PackedSequence> rows(
      Input input,
      List<TokenExample> examples,
      Truncation.Result cut,
      int maxLength,
      @Nullable Packing packing) {
    // Packed rows of which nothing is trained are dropped, as they are without packing.
    List<PackedSequence> rows =
        packing == null
            ? cut.kept().stream().map(PackedSequence::of).toList()
            : packing.pack(examples, maxLength).stream()
                .filter(row -> row.trainedTokens() > 0)
                .toList();
    if (rows.isEmpty()) {
      throw new UserException(
          input.source().file()
              + ": none of its "
              + examples.size()
              + " rows has a trained token within "
              + maxLength
              + " tokens: check which messages are trained, and the maximal length");
    }
    return rows;
  }

  private static void requireKnownTokens(TokenExample example, int vocabulary) {
    for (int id : example.ids()) {
      if (id >= vocabulary) {
        throw new DataException(
            example.origin(),
            "token id "
                + id
                + " is outside the model's vocabulary of "
                + vocabulary
                + ": was the row tokenized for another model?");
      }
    }
  }

  /** Every example of every row, in order, but for pieces of which nothing is trained. */
  List<TokenExample> examples() {
    return rows.stream().flatMap(List::stream).flatMap(SftData::trained).toList();
  }

  private static Stream<TokenExample> trained(PackedSequence row) {
    return row.segments().stream().filter(example -> example.trainedTokens() > 0);
  }

  /** Number of rows, all data sets together. */
  int size() {
    return rows.stream().mapToInt(List::size).sum();
  }

  /** Rows in a pass: all of them, or as many draws from a mixture as its stop rule says. */
  long passSize(long seed, StopRule stop) {
    return cursor(DataOrder.asIs(), seed, stop).size();
  }

  /** Draws rows, {@code batchSize} a step, and hands out the examples in them. */
  Source<TokenExample> source(DataOrder order, long seed, StopRule stop, int batchSize) {
    List<PackedSequence> all = rows.stream().flatMap(List::stream).toList();
    return new DatasetSource<>(Dataset.of(all), cursor(order, seed, stop), batchSize)
        .flatMap(row -> trained(row).toList());
  }

  private DataCursor cursor(DataOrder order, long seed, StopRule stop) {
    List<Long> sizes = rows.stream().map(r -> (long) r.size()).toList();
    return DataSource.cursor(sources, sizes, order, seed, stop);
  }
}
