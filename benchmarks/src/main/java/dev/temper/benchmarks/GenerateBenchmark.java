package dev.temper.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import dev.temper.data.Row;
import dev.temper.data.Rows;
import dev.temper.generate.Completion;
import dev.temper.generate.GenerationOptions;
import dev.temper.generate.LocalGenerator;
import dev.temper.model.CausalLm;
import dev.temper.model.DecodeWeights;
import dev.temper.text.ChatEncoder;
import dev.temper.text.ChatTemplate;
import dev.temper.text.Message;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Greedy generation of exactly 64 tokens for each of the first chats of a file, repeated; prints
 * one JSON line.
 *
 * <pre>GenerateBenchmark MODEL DATA.jsonl BATCH FLOAT32|FLOAT16|INT8 ROUNDS</pre>
 */
public final class GenerateBenchmark {
  private static final int NEW_TOKENS = 64;

  private GenerateBenchmark() {}

  /** Runs it. */
  @SuppressWarnings("SystemOut")
  public static void main(String[] args) throws Exception {
    int batch = Integer.parseInt(args[2]);
    DecodeWeights weights = DecodeWeights.valueOf(args[3]);
    int rounds = Integer.parseInt(args[4]);
    List<Double> seconds = new ArrayList<>();
    List<Double> processorSeconds = new ArrayList<>();
    List<int[]> prompts;
    List<Completion> made = List.of();
    try (CausalLm model = CausalLm.load(Path.of(args[0]));
        LocalGenerator generator = new LocalGenerator(model, batch).weights(weights)) {
      prompts = prompts(model, Path.of(args[1]), batch);
      for (int i = 0; i < rounds; i++) {
        long begun = System.nanoTime();
        long processor = processorNanos();
        made = generator.generate(prompts, GenerationOptions.maxNewTokens(NEW_TOKENS));
        seconds.add((System.nanoTime() - begun) / 1e9);
        processorSeconds.add((processorNanos() - processor) / 1e9);
      }
    }
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("batch", batch);
    out.put("weights", weights.name());
    out.put("prompt_tokens", prompts.stream().mapToInt(p -> p.length).sum());
    out.put("step_s", seconds);
    out.put("tokens_per_s", batch * NEW_TOKENS / Collections.min(seconds));
    out.put("cpu_s", processorSeconds);
    out.put("tokens_per_cpu_s", batch * NEW_TOKENS / Collections.min(processorSeconds));
    out.put("ids", made.stream().map(c -> Arrays.stream(c.ids()).boxed().toList()).toList());
    System.out.println(new ObjectMapper().writeValueAsString(out));
  }

  /** Time this process has had on all processors: what is left of a timing on a busy machine. */
  private static long processorNanos() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
  }

  @SuppressWarnings("unchecked")
  private static List<int[]> prompts(CausalLm model, Path data, int count) {
    List<Row> rows = Rows.load(data).stream().limit(count).toList();
    if (rows.size() < count) {
      throw new IllegalArgumentException(data + " has " + rows.size() + " rows, not " + count);
    }
    ChatEncoder encoder = ChatEncoder.of(model.tokenizer());
    List<int[]> out = new ArrayList<>();
    for (Row row : rows) {
      if (!(row.values().get("prompt") instanceof List<?> chat)) {
        throw new IllegalArgumentException(row.origin() + ": prompt must be a list of messages");
      }
      List<Message> messages = chat.stream().map(m -> Message.of((Map<String, ?>) m)).toList();
      out.add(encoder.prompt(messages, ChatTemplate.Options.DEFAULT));
    }
    return out;
  }
}
