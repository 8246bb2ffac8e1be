package dev.temper.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What a trainer takes of the family of typed rows: which kinds it can use, and how.
 *
 * <p>Only conversions that add nothing and guess nothing are made: a view for pairs takes ranked
 * rows apart, but a view for fine-tuning does not train on the chosen half of a pair. Who wants
 * that maps the rows with {@link PairRow#preferred} and the like.
 *
 * @param purpose what the rows are for, for messages: {@code supervised fine-tuning}
 * @param conversion the rows that a typed row gives; empty if its kind cannot be used
 * @param <R> type of the rows
 */
public record RowView<R extends TypedRow>(
    String purpose, Function<TypedRow, Optional<List<R>>> conversion) {
  /** For SFT: text, tokens, prompt–completion, chats. */
  public static final RowView<SftRow> SFT =
      new RowView<>("supervised fine-tuning", row -> as(SftRow.class, row));

  /** For DPO, its family and reward models: pairs; ranked rows give all their pairs. */
  public static final RowView<PairRow> PAIRS =
      new RowView<>(
          "preference learning from pairs",
          row ->
              row instanceof RankedRow ranked
                  ? Optional.of(ranked.pairs())
                  : as(PairRow.class, row));

  /** For listwise losses: ranked rows; a pair is a ranking of two. */
  public static final RowView<RankedRow> RANKED =
      new RowView<>(
          "learning from rankings",
          row ->
              row instanceof PairRow pair
                  ? Optional.of(List.of(ranking(pair)))
                  : as(RankedRow.class, row));

  /** For KTO and BCO: good and bad completions; a pair gives one of each. */
  public static final RowView<BinaryRow> BINARY =
      new RowView<>(
          "learning from good and bad completions",
          row ->
              row instanceof PairRow pair
                  ? Optional.of(pair.unpaired())
                  : as(BinaryRow.class, row));

  /** For process reward models: solutions in labelled steps. */
  public static final RowView<StepwiseRow> STEPWISE =
      new RowView<>("process reward modelling", row -> as(StepwiseRow.class, row));

  /**
   * For methods that generate: prompts. Of chats and prompt–completion rows, what comes before the
   * completion; of preferences their prompt. What is left out is kept among the extras.
   */
  public static final RowView<PromptRow> PROMPTS =
      new RowView<>("generating from prompts", RowView::prompt);

  /**
   * The rows that a file's row gives, of the kinds this view takes: others beside them are left
   * out.
   *
   * @param source the row of the file, for messages
   * @param rows what its format made of it
   * @throws DataException if there are rows, but none of a kind this view takes
   */
  public List<R> of(Row source, List<? extends TypedRow> rows) {
    List<R> taken = new ArrayList<>();
    boolean usable = rows.isEmpty();
    for (TypedRow row : rows) {
      Optional<List<R>> made = conversion.apply(row);
      usable |= made.isPresent();
      made.ifPresent(taken::addAll);
    }
    if (!usable) {
      throw RowFormats.unknown(
          source, "no row for " + purpose + " but a " + rows.get(0).getClass().getSimpleName());
    }
    return taken;
  }

  private static <T extends TypedRow> Optional<List<T>> as(Class<T> type, TypedRow row) {
    return type.isInstance(row) ? Optional.of(List.of(type.cast(row))) : Optional.empty();
  }

  private static RankedRow ranking(PairRow pair) {
    boolean scored =
        pair.scores().chosen().isPresent()
            && pair.scores().rejected().isPresent()
            && pair.scores().chosen().getAsDouble() > pair.scores().rejected().getAsDouble();
    return new RankedRow(
        pair.prompt(),
        List.of(
            new RankedRow.Scored(pair.chosen(), scored ? pair.scores().chosen().getAsDouble() : 1),
            new RankedRow.Scored(
                pair.rejected(), scored ? pair.scores().rejected().getAsDouble() : 0)),
        pair.context(),
        pair.info());
  }

  private static Optional<List<PromptRow>> prompt(TypedRow row) {
    PromptRow prompt = null;
    if (row instanceof PromptRow r) {
      prompt = r;
    } else if (row instanceof PromptCompletionRow r) {
      prompt = r.promptOnly();
    } else if (row instanceof ChatRow r) {
      prompt = r.promptOnly();
    } else if (row instanceof PairRow r) {
      prompt = r.promptOnly();
    } else if (row instanceof RankedRow r) {
      prompt = new PromptRow(r.prompt(), r.context(), r.info());
    } else if (row instanceof BinaryRow r) {
      prompt = new PromptRow(r.prompt(), r.context(), r.info());
    }
    return Optional.ofNullable(prompt).map(List::of);
  }
}
