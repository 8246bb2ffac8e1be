package dev.temper.generate;

import dev.temper.UserException;
import dev.temper.model.CausalLm;
import dev.temper.tensor.Shutdown;
import dev.temper.text.StreamingDecoder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One completion in the making: its ids and text, and whether it has ended. */
final class CompletionBuilder {
  private final int index;
  private final GenerationOptions options;
  private final TokenListener listener;
  private final int context;
  private final @Nullable StreamingDecoder decoder;
  private final StopScanner scanner;
  private final TokenBuffer tokens;
  private final List<Float> logProbs = new ArrayList<>();
  private final List<Float> rawLogProbs = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private @Nullable FinishReason reason;

  CompletionBuilder(
      CausalLm model, int index, int[] prompt, GenerationOptions options, TokenListener listener) {
    if (!model.hasTokenizer() && !options.stop().strings().isEmpty()) {
      throw new UserException(
          model.source() + ": stop strings need a tokenizer.json in the model's directory");
    }
    this.index = index;
    this.options = options;
    this.listener = listener;
    this.context = model.spec().contextLength();
    this.decoder = model.hasTokenizer() ? model.tokenizer().streamingDecoder(true) : null;
    this.scanner = options.stop().scanner();
    this.tokens = new TokenBuffer(prompt);
  }

  /** The ids so far. */
  TokenBuffer tokens() {
    return tokens;
  }

  /** How many more tokens may come, by the length asked for and the model's context. */
  int room() {
    return Math.min(options.maxNewTokens() - tokens.newTokens(), context - tokens.length());
  }

  boolean finished() {
    return reason != null;
  }

  /** Takes the next token; log-probabilities are kept only if they were asked for. */
  void accept(Sampled sampled) {
    int token = sampled.token();
    tokens.add(token);
    if (options.logProbs()) {
      logProbs.add((float) sampled.logProb());
      rawLogProbs.add((float) sampled.rawLogProb());
    }
    StringBuilder delta = new StringBuilder();
    if (options.stop().isStopToken(token)) {
      reason = FinishReason.STOP_TOKEN;
    } else {
      delta.append(scanner.append(decoder == null ? "" : decoder.add(token)));
      reason = reasonAfter();
    }
    if (reason != null && reason != FinishReason.STOP_STRING) {
      if (decoder != null) {
        delta.append(scanner.append(decoder.flush()));
      }
      delta.append(scanner.flush());
    }
    text.append(delta);
    if (!listener.onToken(index, token, delta.toString()) && reason == null) {
      reason = FinishReason.CANCELLED;
    }
  }

  private @Nullable FinishReason reasonAfter() {
    if (scanner.stopped()) {
      return FinishReason.STOP_STRING;
    }
    if (tokens.newTokens() >= options.maxNewTokens()) {
      return FinishReason.LENGTH;
    }
    if (tokens.length() >= context) {
      return FinishReason.CONTEXT;
    }
    return Shutdown.requested() || Thread.currentThread().isInterrupted()
        ? FinishReason.CANCELLED
        : null;
  }

  Completion build() {
    return new Completion(
        index,
        tokens.generated(),
        text.toString(),
        floats(logProbs),
        floats(rawLogProbs),
        reason == null ? FinishReason.CANCELLED : reason);
  }

  private static float[] floats(List<Float> list) {
    float[] out = new float[list.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = list.get(i);
    }
    return out;
  }
}
