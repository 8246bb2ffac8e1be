package dev.temper.alignment;

import dev.temper.UserException;
import dev.temper.data.RowView;
import dev.temper.data.TypedRows;
import dev.temper.model.Model;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Pairs of files, whose completions are cut at their end. */
record PairKind(Model model) implements ExampleKind<PairExample> {
  private static final Logger LOG = LoggerFactory.getLogger(PairKind.class);

  @Override
  public List<PairExample> read(Path file) {
    PreferenceEncoder encoder = new PreferenceEncoder(model::tokenizer, model.spec().vocabulary());
    return TypedRows.load(file, RowView.PAIRS).stream().map(encoder::encode).toList();
  }

  @Override
  public Optional<PairExample> cut(PairExample example, int maxLength) {
    return example.cut(maxLength);
  }

  @Override
  public CompletionBatch.Branches branches(PairExample example) {
    return example.branches();
  }

  @Override
  public void check(List<PairExample> pairs) {
    List<PairExample> ties = pairs.stream().filter(PairExample::isTie).toList();
    if (ties.isEmpty()) {
      return;
    }
    String first = ties.get(0).origin().toString();
    if (ties.size() == pairs.size()) {
      throw new UserException(
          first
              + ": chosen and rejected are the same in all "
              + pairs.size()
              + " pairs (after cutting to the maximal length): there is nothing to learn");
    }
    LOG.warn(
        "chosen and rejected are the same in {} of {} pairs (first: {})",
        ties.size(),
        pairs.size(),
        first);
  }
}
