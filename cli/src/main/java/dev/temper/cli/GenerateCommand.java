package dev.temper.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.data.DataException;
import dev.temper.data.Row;
import dev.temper.data.Rows;
import dev.temper.generate.Completion;
import dev.temper.generate.GenerationConfig;
import dev.temper.generate.GenerationOptions;
import dev.temper.generate.Generator;
import dev.temper.generate.Sampling;
import dev.temper.generate.StopConditions;
import dev.temper.generate.TextListener;
import dev.temper.generate.TokenListener;
import dev.temper.generate.remote.OpenAiClient;
import dev.temper.model.CausalLm;
import dev.temper.tensor.Shutdown;
import dev.temper.text.AddSpecialTokens;
import dev.temper.text.ChatEncoder;
import dev.temper.text.ChatTemplate;
import dev.temper.text.Message;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code temper generate}: text from a prompt, a chat message, or a file of rows. */
@Command(
    name = "generate",
    description = "Generates from --prompt, --chat or --data (JSONL in, JSONL out).")
final class GenerateCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Mixin final Common common = new Common();
  @Mixin final AdaptedModelOptions model = new AdaptedModelOptions();
  @Mixin final SearchOptions search = new SearchOptions();
  @Mixin final RemoteOptions remote = new RemoteOptions();
  @Spec @Nullable CommandSpec spec;

  @Option(names = "--prompt", paramLabel = "TEXT", description = "Text to continue")
  @Nullable String prompt;

  @Option(
      names = "--chat",
      paramLabel = "TEXT",
      description = "A user's message, put through the chat template")
  @Nullable String chat;

  @Option(
      names = "--data",
      paramLabel = "FILE",
      description = "Rows with prompt (text or messages) or messages")
  @Nullable Path data;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "JSONL to write: the rows of --data with a completion")
  @Nullable Path out;

  @Option(names = "--max-new-tokens", defaultValue = "256", description = "Most tokens to generate")
  int maxNewTokens = 256;

  @Option(
      names = "--temperature",
      description = "0 is greedy; unset takes generation_config.json (a server: 1)")
  @Nullable Double temperature;

  @Option(names = "--top-p", description = "Nucleus sampling")
  @Nullable Double topP;

  @Option(names = "--top-k", description = "Sample among the k likeliest")
  @Nullable Integer topK;

  @Option(names = "--stop", split = ",", description = "Stop strings")
  @Nullable List<String> stop;

  @Option(names = "--seed", defaultValue = "0", description = "Seed of the sampling")
  long seed;

  @Override
  @SuppressWarnings("try") // The adapter need not be referred to: being attached is enough.
  public Integer call() {
    if ((prompt == null ? 0 : 1) + (chat == null ? 0 : 1) + (data == null ? 0 : 1) != 1) {
      throw new UserException("give exactly one of --prompt, --chat and --data");
    }
    if (data != null && out == null) {
      throw new UserException("--data needs --out, the file to write");
    }
    PrintWriter console = Given.of(spec, "spec").commandLine().getOut();
    if (remote.stray() != null) {
      throw new UserException(remote.stray() + " needs --base-url");
    }
    if (remote.isGiven()) {
      answerRemotely(console);
      return 0;
    }
    try (AdaptedModel loaded = model.load();
        SearchOptions.Opened opened = search.open(loaded.model())) {
      CausalLm lm = loaded.model();
      GenerationOptions options =
          search.constrain(options(lm, GenerationConfig.read(model.base.directory())), lm);
      if (data != null) {
        rows(lm, opened.generator(), data, Given.of(out, "--out"), options, console);
      } else {
        int[] ids =
            chat != null
                ? chatIds(lm, List.of(Message.user(chat)))
                : textIds(lm, Given.of(prompt, "--prompt"));
        List<Completion> made =
            opened
                .generator()
                .generate(
                    List.of(ids),
                    options,
                    TokenListener.text(
                        t -> {
                          console.print(t);
                          console.flush();
                        }));
        console.println(search.isSilent() ? made.get(0).text() : "");
      }
    }
    return 0;
  }

  private void answerRemotely(PrintWriter console) {
    String local = model.adapter != null ? "--adapter" : search.given();
    if (local != null) {
      throw new UserException(local + " needs a model in this process: leave out --base-url");
    }
    GenerationOptions options =
        GenerationOptions.maxNewTokens(maxNewTokens)
            .sampling(sampling(Sampling.temperature(1)).seed(seed))
            .stop(
                stop == null
                    ? StopConditions.none()
                    : StopConditions.none().strings(stop.toArray(String[]::new)));
    try (OpenAiClient client = remote.open(model.base.directory())) {
      if (data != null) {
        RemoteRows.answer(client, data, Given.of(out, "--out"), options, console);
        return;
      }
      TextListener print =
          (completion, delta) -> {
            console.print(delta);
            console.flush();
            return true;
          };
      if (chat != null) {
        client.chat(List.of(List.of(Message.user(chat))), options, print);
      } else {
        client.complete(List.of(Given.of(prompt, "--prompt")), options, print);
      }
      console.println();
    }
  }

  private Sampling sampling(Sampling unset) {
    Sampling sampling = unset;
    if (temperature != null) {
      sampling = temperature == 0 ? Sampling.greedy() : Sampling.temperature(temperature);
    }
    if (topP != null) {
      sampling = sampling.topP(topP);
    }
    if (topK != null) {
      sampling = sampling.topK(topK);
    }
    return sampling;
  }

  private GenerationOptions options(CausalLm lm, GenerationConfig config) {
    Sampling sampling = sampling(config.sampling());
    List<Integer> stops = new ArrayList<>(config.eosTokenIds());
    lm.tokenizer().specialTokens().eos().ifPresent(t -> stops.add(t.id()));
    StopConditions conditions = StopConditions.tokens(stops.stream().distinct().toList());
    if (stop != null) {
      conditions = conditions.strings(stop.toArray(String[]::new));
    }
    return GenerationOptions.maxNewTokens(maxNewTokens)
        .sampling(sampling.seed(seed))
        .stop(conditions);
  }

  private static int[] textIds(CausalLm lm, String text) {
    return lm.tokenizer().ids(text, AddSpecialTokens.YES);
  }

  private static int[] chatIds(CausalLm lm, List<Message> messages) {
    return ChatEncoder.of(lm.tokenizer()).prompt(messages, ChatTemplate.Options.DEFAULT);
  }

  private static void rows(
      CausalLm lm,
      Generator generator,
      Path data,
      Path out,
      GenerationOptions options,
      PrintWriter console) {
    List<Row> rows = Rows.load(data).stream().toList();
    List<int[]> prompts = rows.stream().map(r -> promptOf(lm, r)).toList();
    List<Completion> made = generator.generate(prompts, options);
    if (Shutdown.requested()) {
      throw new UserException("interrupted; nothing was written to " + out);
    }
    write(rows, made.stream().map(Completion::text).toList(), out, console);
  }

  /** Writes the rows with their completions. */
  static void write(List<Row> rows, List<String> completions, Path out, PrintWriter console) {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < rows.size(); i++) {
      ObjectNode row = JSON.valueToTree(rows.get(i).values());
      row.put("completion", completions.get(i));
      lines.append(row).append('\n');
    }
    AtomicFiles.write(out, lines.toString());
    console.println(rows.size() + " completions -> " + out);
  }

  private static int[] promptOf(CausalLm lm, Row row) {
    int[] ids = idsOf(lm, row);
    int context = lm.spec().contextLength();
    if (ids.length >= context) {
      throw new DataException(
          row.origin(),
          "its prompt has "
              + ids.length
              + " tokens and leaves no room in the model's context of "
              + context
              + "; shorten it");
    }
    return ids;
  }

  private static int[] idsOf(CausalLm lm, Row row) {
    Prompt prompt = prompt(row);
    return prompt.messages() == null ? textIds(lm, prompt.text()) : chatIds(lm, prompt.messages());
  }

  /** What a row asks for: messages, or text if they are null. */
  record Prompt(String text, @Nullable List<Message> messages) {}

  @SuppressWarnings("unchecked")
  static Prompt prompt(Row row) {
    Object prompt =
        Optional.ofNullable(row.values().get("prompt")).orElse(row.values().get("messages"));
    if (prompt instanceof String text) {
      return new Prompt(text, null);
    }
    if (prompt instanceof List<?> messages) {
      return new Prompt("", messages.stream().map(m -> Message.of((Map<String, ?>) m)).toList());
    }
    throw new DataException(
        row.origin(),
        "needs a column prompt (text or messages) or messages; it has " + row.values().keySet());
  }
}
