package dev.temper.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.data.DataException;
import dev.temper.data.Row;
import dev.temper.data.Rows;
import dev.temper.data.SftRow;
import dev.temper.data.TokenExample;
import dev.temper.data.TokenRow;
import dev.temper.generate.LocalGenerator;
import dev.temper.model.CausalLm;
import dev.temper.sft.SftEncoder;
import dev.temper.tensor.Shutdown;
import dev.temper.text.TrainOn;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code temper score}: log-probabilities of given tokens. */
@Command(
    name = "score",
    description =
        "Log-probabilities: rows with input_ids, prompt and completion, text or messages in; the same rows with logprobs, sum, tokens and perplexity out.")
final class ScoreCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Mixin final Common common = new Common();
  @Mixin final AdaptedModelOptions model = new AdaptedModelOptions();
  @Spec @Nullable CommandSpec spec;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "FILE",
      description = "JSONL or JSON, also gzip")
  @Nullable Path data;

  @Option(names = "--out", required = true, paramLabel = "FILE", description = "JSONL to write")
  @Nullable Path out;

  @Override
  @SuppressWarnings("try") // The adapter need not be referred to: being attached is enough.
  public Integer call() {
    Path target = Given.of(out, "--out");
    List<Row> rows = Rows.load(Given.of(data, "--data")).stream().toList();
    StringBuilder lines = new StringBuilder();
    double sum = 0;
    long tokens = 0;
    try (AdaptedModel loaded = model.load()) {
      for (Row row : rows) {
        if (Shutdown.requested()) {
          throw new UserException("interrupted; nothing was written to " + target);
        }
        ObjectNode result = score(loaded.model(), row);
        sum += result.get("sum").doubleValue();
        tokens += result.get("tokens").longValue();
        lines.append(result).append('\n');
      }
    }
    AtomicFiles.write(target, lines.toString());
    PrintWriter console = Given.of(spec, "spec").commandLine().getOut();
    console.printf(
        Locale.ROOT,
        "%d rows, %d tokens, mean log-prob %.5f, perplexity %.4f -> %s%n",
        rows.size(),
        tokens,
        sum / tokens,
        Math.exp(-sum / tokens),
        target);
    return 0;
  }

  private static float[] logProbs(CausalLm lm, Row row, TokenExample example) {
    try {
      return LocalGenerator.score(lm, List.of(example.ids())).get(0);
    } catch (UserException e) {
      throw new DataException(row.origin(), String.valueOf(e.getMessage()), e);
    }
  }

  private static ObjectNode score(CausalLm lm, Row row) {
    SftRow parsed = SftRow.parse(row);
    TokenExample example =
        parsed instanceof TokenRow t
            ? t.example()
            : new SftEncoder(lm.tokenizer(), TrainOn.assistant(), true).encode(parsed);
    int context = lm.spec().contextLength();
    if (example.length() > context) {
      throw new DataException(
          row.origin(),
          "has "
              + example.length()
              + " tokens, more than the model's context of "
              + context
              + "; shorten it");
    }
    float[] all = logProbs(lm, row, example);
    ObjectNode result = JSON.valueToTree(row.values());
    ArrayNode logprobs = result.putArray("logprobs");
    double sum = 0;
    int count = 0;
    for (int t = 1; t < example.length(); t++) {
      if (example.weights()[t] > 0) {
        logprobs.add(all[t - 1]);
        sum += all[t - 1];
        count++;
      }
    }
    return result
        .put("sum", sum)
        .put("tokens", count)
        .put("perplexity", count == 0 ? 1 : Math.exp(-sum / count));
  }
}
