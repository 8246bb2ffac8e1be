package dev.temper.generate.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.UserException;
import dev.temper.generate.BannedTokens;
import dev.temper.generate.Completion;
import dev.temper.generate.FinishReason;
import dev.temper.generate.GenerationOptions;
import dev.temper.generate.Sampling;
import dev.temper.generate.StopConditions;
import dev.temper.generate.TextCompletion;
import dev.temper.generate.TextListener;
import dev.temper.text.Message;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class OpenAiClientTest {
  private static final String SECRET = "sk-very-secret-0123456789";
  private static final List<List<Message>> HELLO = List.of(List.of(Message.user("Hello")));
  private static final GenerationOptions SHORT = GenerationOptions.maxNewTokens(16);

  private final List<Duration> pauses = new ArrayList<>();

  private OpenAiClient client(FakeServer server) {
    return client(RemoteSettings.of(server.url(), "m"));
  }

  private OpenAiClient client(RemoteSettings settings) {
    return OpenAiClient.open(
        settings, Map.of("THE_KEY", SECRET + "\n")::get, pauses::add, () -> 0.5);
  }

  // ---- requests and answers --------------------------------------------------------------------

  @Test
  void a_chat_is_sent_with_its_options_and_its_answer_read() {
    try (FakeServer server = new FakeServer((call, n) -> call.chat("Hi", "Hey"));
        OpenAiClient client = client(server)) {
      List<TextCompletion> made =
          client.chat(
              List.of(
                  List.of(Message.system("Be kind."), Message.user("Hello").with("weight", 0.5))),
              GenerationOptions.maxNewTokens(12)
                  .sampling(
                      Sampling.temperature(0.7)
                          .topP(0.9)
                          .topK(5)
                          .minP(0.1)
                          .repetitionPenalty(1.1)
                          .seed(3))
                  .stop(StopConditions.none().strings("###"))
                  .completionsPerPrompt(2));
      assertThat(made)
          .containsExactly(
              new TextCompletion(0, "Hi", List.of(), FinishReason.STOP_TOKEN),
              new TextCompletion(1, "Hey", List.of(), FinishReason.STOP_TOKEN));
      JsonNode body = server.bodies.get(0);
      assertThat(server.paths).containsExactly("/v1/chat/completions");
      assertThat(body.path("model").asText()).isEqualTo("m");
      assertThat(body.path("messages").toString())
          .isEqualTo(
              "[{\"role\":\"system\",\"content\":\"Be kind.\"},"
                  + "{\"role\":\"user\",\"content\":\"Hello\"}]");
      assertThat(body.path("max_tokens").intValue()).isEqualTo(12);
      assertThat(body.path("temperature").doubleValue()).isEqualTo(0.7);
      assertThat(body.path("top_p").doubleValue()).isEqualTo(0.9);
      assertThat(body.path("top_k").intValue()).isEqualTo(5);
      assertThat(body.path("min_p").doubleValue()).isEqualTo(0.1);
      assertThat(body.path("repetition_penalty").doubleValue()).isEqualTo(1.1);
      assertThat(body.path("stop").toString()).isEqualTo("[\"###\"]");
      assertThat(body.path("n").intValue()).isEqualTo(2);
      assertThat(body.path("seed").isInt()).isTrue();
      assertThat(body.has("stream")).isFalse();
      assertThat(server.authorizations).containsExactly("null");
    }
  }

  @Test
  void greedy_is_temperature_zero_without_a_seed_and_an_open_assistant_message_is_continued() {
    try (FakeServer server = new FakeServer((call, n) -> call.chat("on"));
        OpenAiClient client = client(server)) {
      client.chat(List.of(List.of(Message.user("x"), Message.assistant("Go"))), SHORT);
      assertThat(server.bodies.get(0).path("temperature").intValue()).isZero();
      assertThat(server.bodies.get(0).has("seed")).isFalse();
      assertThat(server.bodies.get(0).path("continue_final_message").asBoolean()).isTrue();
      assertThat(server.bodies.get(0).path("add_generation_prompt").asBoolean(true)).isFalse();
    }
  }

  @Test
  void a_server_that_gives_one_choice_is_asked_again_with_another_seed() {
    try (FakeServer server = new FakeServer((call, n) -> call.chat("answer " + n));
        OpenAiClient client = client(server)) {
      List<TextCompletion> made =
          client.chat(HELLO, SHORT.sampling(Sampling.temperature(1)).completionsPerPrompt(3));
      assertThat(made)
          .extracting(TextCompletion::text)
          .containsExactly("answer 0", "answer 1", "answer 2");
      assertThat(server.bodies).extracting(b -> b.path("seed").intValue()).doesNotHaveDuplicates();
    }
  }

  @Test
  void log_probs_are_read_in_both_shapes() {
    try (FakeServer server =
            new FakeServer(
                (call, n) ->
                    call.json(
                        200,
                        call.body().has("messages")
                            ? "{\"choices\":[{\"index\":0,\"message\":{\"content\":\"ab\"},\"finish_reason\":\"length\","
                                + "\"logprobs\":{\"content\":[{\"token\":\"a\",\"logprob\":-0.5,\"bytes\":[97],\"top_logprobs\":[]},"
                                + "{\"token\":\"b\",\"logprob\":-1}]}}]}"
                            : "{\"choices\":[{\"index\":0,\"text\":\"ab\",\"finish_reason\":\"length\","
                                + "\"logprobs\":{\"tokens\":[\"a\",\"b\"],\"token_logprobs\":[-0.5,-1],\"text_offset\":[0,1]}}]}"));
        OpenAiClient client = client(server)) {
      List<TextCompletion.Token> expected =
          List.of(new TextCompletion.Token("a", -0.5), new TextCompletion.Token("b", -1));
      TextCompletion chat = client.chat(HELLO, SHORT.logProbs(true)).get(0);
      TextCompletion text = client.complete(List.of("x"), SHORT.logProbs(true)).get(0);
      assertThat(chat.tokens()).isEqualTo(expected);
      assertThat(text).isEqualTo(new TextCompletion(0, "ab", expected, FinishReason.LENGTH));
      assertThat(server.bodies.get(0).path("logprobs").isBoolean()).isTrue();
      assertThat(server.bodies.get(1).path("logprobs").intValue()).isEqualTo(1);
      assertThat(server.paths.get(1)).isEqualTo("/v1/completions");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "stop, STOP_TOKEN",
    "length, LENGTH",
    "content_filter, FILTERED",
    "tool_calls, STOP_TOKEN"
  })
  void finish_reasons_are_translated(String sent, FinishReason expected) {
    try (FakeServer server =
            new FakeServer(
                (call, n) ->
                    call.json(
                        200,
                        "{\"choices\":[{\"message\":{\"content\":null},\"finish_reason\":\""
                            + sent
                            + "\"}]}"));
        OpenAiClient client = client(server)) {
      assertThat(client.chat(HELLO, SHORT).get(0).finishReason()).isEqualTo(expected);
    }
  }

  @Test
  void what_the_protocol_has_no_word_for_is_refused_before_anything_is_sent() {
    try (FakeServer server = new FakeServer((call, n) -> call.chat("x"));
        OpenAiClient client = client(server)) {
      for (GenerationOptions options :
          List.of(
              SHORT.constraint(BannedTokens.of(1)),
              SHORT.minNewTokens(2),
              SHORT.stop(StopConditions.tokens(2)),
              SHORT.stop(StopConditions.none().strings("a").including()),
              SHORT.sampling(Sampling.temperature(1).typicalP(0.5)),
              SHORT.sampling(Sampling.greedy().noRepeatNgram(2)))) {
        assertThatThrownBy(() -> client.chat(HELLO, options))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("no setting for");
      }
      assertThatThrownBy(() -> client.chat(List.of(List.of()), SHORT))
          .hasMessageContaining("chat 0 has no messages");
      assertThatThrownBy(() -> client.complete(List.of("a", ""), SHORT))
          .hasMessageContaining("prompt 1 is empty");
      assertThat(server.bodies).isEmpty();
    }
  }

  // ---- streams ---------------------------------------------------------------------------------

  @Test
  void streamed_choices_alternate_and_put_together_are_the_answer() {
    try (FakeServer server =
            new FakeServer(
                (call, n) -> {
                  OutputStream out = call.events();
                  out.write(": a comment\r\n\r\n".getBytes(StandardCharsets.UTF_8));
                  FakeServer.delta(out, 0, "Hé");
                  FakeServer.delta(out, 1, "B");
                  FakeServer.delta(out, 0, "llo 😀");
                  FakeServer.finish(out, 1, "length");
                  FakeServer.finish(out, 0, "stop");
                  FakeServer.event(out, "{\"choices\":[],\"usage\":{\"total_tokens\":9}}");
                  FakeServer.event(out, "[DONE]");
                });
        OpenAiClient client = client(server)) {
      StringBuilder[] seen = {new StringBuilder(), new StringBuilder()};
      List<TextCompletion> made =
          client.chat(
              HELLO,
              SHORT.sampling(Sampling.temperature(1)).completionsPerPrompt(2),
              (completion, delta) -> seen[completion].append(delta) != null);
      assertThat(made).extracting(TextCompletion::text).containsExactly("Héllo 😀", "B");
      assertThat(made)
          .extracting(TextCompletion::finishReason)
          .containsExactly(FinishReason.STOP_TOKEN, FinishReason.LENGTH);
      assertThat(seen[0]).hasToString("Héllo 😀");
      assertThat(seen[1]).hasToString("B");
      assertThat(server.bodies.get(0).path("stream").asBoolean()).isTrue();
    }
  }

  @Test
  void a_listener_that_has_enough_ends_an_endless_stream() {
    AtomicBoolean broken = new AtomicBoolean();
    CountDownLatch gone = new CountDownLatch(1);
    try (FakeServer server =
            new FakeServer(
                (call, n) -> {
                  try {
                    OutputStream out = call.events();
                    while (true) {
                      FakeServer.delta(out, 0, "x");
                    }
                  } finally {
                    broken.set(true);
                    gone.countDown();
                  }
                });
        OpenAiClient client = client(server)) {
      AtomicInteger calls = new AtomicInteger();
      TextCompletion made =
          client.chat(HELLO, SHORT, (completion, delta) -> calls.incrementAndGet() < 3).get(0);
      assertThat(made.finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(made.text()).isEqualTo("xxx");
      assertThat(await(gone)).isTrue();
      assertThat(broken).isTrue();
    }
  }

  @Test
  void a_listeners_exception_is_the_callers_and_ends_the_call() {
    try (FakeServer server =
            new FakeServer(
                (call, n) -> {
                  OutputStream out = call.events();
                  FakeServer.delta(out, 0, "x");
                  Thread.sleep(20_000);
                });
        OpenAiClient client = client(server)) {
      assertThatThrownBy(
              () ->
                  client.chat(
                      HELLO,
                      SHORT,
                      (completion, delta) -> {
                        throw new IllegalStateException("mine");
                      }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("mine");
      assertThat(server.bodies).hasSize(1);
    }
  }

  @Test
  void a_stream_that_breaks_is_repeated_only_if_nothing_was_handed_on() {
    AtomicInteger sent = new AtomicInteger();
    try (FakeServer server =
            new FakeServer(
                (call, n) -> {
                  OutputStream out = call.events();
                  if (n == 0) {
                    FakeServer.event(out, "{\"choices\":[]}");
                    throw new IllegalStateException("break");
                  }
                  FakeServer.delta(out, 0, "half");
                  sent.incrementAndGet();
                });
        OpenAiClient client = client(server)) {
      StringBuilder seen = new StringBuilder();
      assertThatThrownBy(() -> client.chat(HELLO, SHORT, (c, delta) -> seen.append(delta) != null))
          .isInstanceOf(RemoteException.class);
      assertThat(seen.toString()).isIn("", "half");
      assertThat(sent.get()).isLessThanOrEqualTo(1);
    }
  }

  // ---- failures --------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {408, 429, 500, 502, 503, 504})
  void a_busy_server_is_tried_again_with_growing_jittered_pauses(int status) {
    try (FakeServer server =
            new FakeServer(
                (call, n) -> {
                  if (n < 3) {
                    call.json(status, "{\"error\":{\"message\":\"busy\"}}");
                  } else {
                    call.chat("at last");
                  }
                });
        OpenAiClient client = client(server)) {
      assertThat(client.chat(HELLO, SHORT).get(0).text()).isEqualTo("at last");
      assertThat(pauses)
          .containsExactly(Duration.ofMillis(250), Duration.ofMillis(500), Duration.ofMillis(1000));
    }
  }

  @Test
  void retry_after_is_honoured_and_has_a_limit() {
    AtomicInteger seconds = new AtomicInteger(7);
    try (FakeServer server =
            new FakeServer(
                (call, n) -> {
                  if (n % 2 == 0) {
                    call.exchange().getResponseHeaders().set("Retry-After", "" + seconds.get());
                    call.json(429, "{\"error\":{\"message\":\"slow down\"}}");
                  } else {
                    call.chat("ok");
                  }
                });
        OpenAiClient client = client(server)) {
      assertThat(client.chat(HELLO, SHORT).get(0).text()).isEqualTo("ok");
      assertThat(pauses).containsExactly(Duration.ofSeconds(7));
      seconds.set(3600);
      assertThatThrownBy(() -> client.chat(HELLO, SHORT))
          .isInstanceOf(RemoteException.class)
          .hasMessageContaining("asks to wait 3600 s, longer than the limit of 60 s")
          .hasMessageContaining("slow down");
      assertThat(pauses).hasSize(1);
    }
  }

  @Test
  void retry_after_may_be_a_date_and_nonsense_is_nothing() {
    Instant now = Instant.parse("2026-01-01T00:00:00Z");
    assertThat(Transport.retryAfter("Thu, 01 Jan 2026 00:01:00 GMT", now))
        .isEqualTo(Duration.ofMinutes(1));
    assertThat(Transport.retryAfter("Wed, 31 Dec 2025 00:00:00 GMT", now)).isZero();
    for (String nonsense : List.of("", "soon", "-5", "99999999999999", "1.5")) {
      assertThat(Transport.retryAfter(nonsense, now)).as(nonsense).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"400, bad", "401, API key", "404, base URL", "501, not", "302, redirects"})
  void a_refusal_is_not_repeated_and_says_what_the_server_said(int status, String hint) {
    try (FakeServer server =
            new FakeServer(
                (call, n) -> {
                  call.exchange().getResponseHeaders().set("Location", "http://127.0.0.1:1/");
                  call.json(status, "{\"error\":{\"message\":\"bad\\u0007 idea,\\n not done\"}}");
                });
        OpenAiClient client = client(server)) {
      RemoteException e = (RemoteException) catchThrowable(() -> client.chat(HELLO, SHORT));
      assertThat(e)
          .hasMessageContaining("HTTP status " + status)
          .hasMessageContaining(hint)
          .hasMessageContaining("bad idea, not done");
      assertThat(e.status()).hasValue(status);
      assertThat(server.bodies).hasSize(1);
    }
  }

  @Test
  void a_connection_that_breaks_or_is_refused_is_tried_again_and_then_given_up() {
    String url;
    try (FakeServer server =
        new FakeServer(
            (call, n) -> {
              throw new IllegalStateException("break");
            })) {
      url = server.url();
      try (OpenAiClient client = client(server)) {
        assertThatThrownBy(() -> client.chat(HELLO, SHORT))
            .isInstanceOf(RemoteException.class)
            .hasMessageContaining("5 attempts");
      }
      assertThat(pauses).hasSize(4);
    }
    try (OpenAiClient client = client(RemoteSettings.of(url, "m"))) {
      assertThatThrownBy(() -> client.chat(HELLO, SHORT))
          .hasMessageContaining("cannot connect")
          .hasMessageContaining("5 attempts");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void an_answer_that_does_not_come_or_does_not_end_times_out(boolean trickles) {
    try (FakeServer server =
            new FakeServer(
                (call, n) -> {
                  if (!trickles) {
                    Thread.sleep(20_000);
                  }
                  OutputStream out = call.events();
                  while (true) {
                    out.write(": still here\n\n".getBytes(StandardCharsets.UTF_8));
                    out.flush();
                    Thread.sleep(20);
                  }
                });
        OpenAiClient client =
            client(
                RemoteSettings.of(server.url(), "m")
                    .timeouts(Duration.ofSeconds(5), Duration.ofMillis(300))
                    .retry(
                        new RetryPolicy(
                            2,
                            Duration.ofMillis(1),
                            Duration.ofMillis(1),
                            Duration.ofSeconds(1))))) {
      long start = System.nanoTime();
      assertThatThrownBy(() -> client.chat(HELLO, SHORT))
          .hasMessageContaining("no complete answer within 300 ms")
          .hasMessageContaining("2 attempts");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
    }
  }

  @Test
  void an_answer_larger_than_allowed_is_broken_off_whether_it_says_its_length_or_not() {
    try (FakeServer server =
            new FakeServer(
                (call, n) -> {
                  String body = "{\"x\":\"" + "y".repeat(100_000) + "\"}";
                  if (n == 0) {
                    call.json(200, body);
                  } else {
                    OutputStream out = call.events();
                    while (true) {
                      out.write(body.getBytes(StandardCharsets.UTF_8));
                    }
                  }
                });
        OpenAiClient client =
            client(RemoteSettings.of(server.url(), "m").maxResponseBytes(10_000))) {
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> client.chat(HELLO, SHORT))
            .isInstanceOf(RemoteException.class)
            .hasMessageContaining("more than 10000 bytes");
      }
      assertThat(server.bodies).hasSize(2);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '§',
      quoteCharacter = '`',
      value = {
        "<html>hi</html> § not JSON",
        "`` § not an object",
        "[] § not an object",
        "{} § no choices",
        "{\"choices\":{}} § no choices",
        "{\"choices\":[]} § no choices",
        "{\"choices\":[3]} § text is missing",
        "{\"choices\":[{\"message\":{\"content\":5},\"finish_reason\":\"stop\"}]} § text is 5",
        "{\"choices\":[{\"message\":{\"content\":\"a\"}}]} § ends before choice 0 is finished",
        "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":7}]} § finish_reason that is 7",
        "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"maybe\"}]} § unknown finish_reason",
        "{\"choices\":[{\"index\":9,\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]} § index 9",
        "{\"choices\":[{\"index\":-1,\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]} § index -1",
        "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]} § no log-probabilities",
        "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\",\"logprobs\":{\"content\":[{\"token\":\"a\",\"logprob\":\"x\"}]}}]} § log-probability \"x\"",
        "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\",\"logprobs\":{\"tokens\":[\"a\"],\"token_logprobs\":[]}}]} § 0 log-probabilities for 1",
        "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\",\"logprobs\":[1]}]} § unknown shape",
        "{\"error\":{\"message\":\"out of memory\"}} § reports an error: out of memory",
        "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]} trailing § not JSON"
      })
  void a_hostile_answer_is_one_clear_error(String answer, String message) {
    try (FakeServer server = new FakeServer((call, n) -> call.json(200, answer));
        OpenAiClient client = client(server)) {
      assertThatThrownBy(() -> client.chat(HELLO, SHORT.logProbs(true)))
          .isInstanceOf(RemoteException.class)
          .hasMessageContaining(message);
      assertThat(server.bodies).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"nonsense", "[1]", "{\"choices\":7}", "{\"error\":\"overloaded\"}"})
  void a_hostile_event_is_one_clear_error(String data) {
    try (FakeServer server = new FakeServer((call, n) -> FakeServer.event(call.events(), data));
        OpenAiClient client = client(server)) {
      assertThatThrownBy(() -> client.chat(HELLO, SHORT, (c, delta) -> true))
          .isInstanceOf(RemoteException.class);
      assertThat(server.bodies).hasSize(1);
    }
  }

  @Test
  void deeply_nested_json_is_refused() {
    try (FakeServer server =
            new FakeServer((call, n) -> call.json(200, "[".repeat(5000) + "]".repeat(5000)));
        OpenAiClient client = client(server)) {
      assertThatThrownBy(() -> client.chat(HELLO, SHORT)).isInstanceOf(RemoteException.class);
    }
  }

  // ---- the key ---------------------------------------------------------------------------------

  @Test
  void the_key_goes_into_the_header_and_nowhere_else() {
    PrintStream err = System.err;
    ByteArrayOutputStream logged = new ByteArrayOutputStream();
    System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
    try (FakeServer server =
        new FakeServer(
            (call, n) ->
                call.json(
                    n == 0 ? 500 : n == 1 ? 401 : 200,
                    "{\"error\":{\"message\":\"Incorrect key " + SECRET + " provided\"}}"))) {
      RemoteSettings settings = RemoteSettings.of(server.url(), "m").keyFrom("THE_KEY");
      try (OpenAiClient client = client(settings)) {
        StringWriter seen = new StringWriter();
        for (int i = 0; i < 2; i++) {
          Throwable e = catchThrowable(() -> client.chat(HELLO, SHORT));
          assertThat(e).hasMessageContaining("Incorrect key [API key] provided");
          e.printStackTrace(new PrintWriter(seen));
        }
        assertThat(server.authorizations).hasSize(3).containsOnly("Bearer " + SECRET);
        assertThat(seen.toString() + client + settings).doesNotContain(SECRET);
      }
    } finally {
      System.setErr(err);
    }
    assertThat(logged.toString(StandardCharsets.UTF_8))
        .contains("HTTP status 500")
        .doesNotContain(SECRET);
  }

  @Test
  void a_key_that_is_missing_or_broken_is_an_error_that_does_not_show_it() {
    RemoteSettings settings = RemoteSettings.of("http://localhost:1/v1", "m").keyFrom("K");
    for (String value : new String[] {null, " ", "sk-two words", "sk-line\nbreak", "sk-ключ"}) {
      assertThatThrownBy(() -> OpenAiClient.open(settings, name -> value, pauses::add, () -> 0.5))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("environment variable K")
          .hasMessageNotContaining("sk-");
    }
    assertThatThrownBy(() -> settings.keyFrom("sk-secret")).hasMessageNotContaining("sk-secret");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ftp://host/v1",
        "localhost:8000",
        "file:///etc/passwd",
        "http://user:pw@host/v1",
        "http://host/v1?key=1",
        "http:///v1",
        "http://host/v1#x",
        "http://ho st/",
        ""
      })
  void an_address_that_is_not_plain_http_is_refused(String url) {
    assertThatThrownBy(() -> RemoteSettings.of(url, "m"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("base URL")
        .hasMessageNotContaining("pw");
  }

  @Test
  void settings_out_of_range_are_refused_by_name() {
    RemoteSettings s = RemoteSettings.of("http://h/v1", "m");
    assertThatThrownBy(() -> s.concurrency(0)).hasMessageContaining("concurrency is 0");
    assertThatThrownBy(() -> s.maxResponseBytes(1)).hasMessageContaining("max response bytes is 1");
    assertThatThrownBy(() -> s.timeouts(Duration.ZERO, Duration.ofSeconds(1)))
        .hasMessageContaining("connect timeout is PT0S");
    assertThatThrownBy(() -> RemoteSettings.of("http://h/v1", " ")).hasMessageContaining("model");
    assertThatThrownBy(
            () ->
                new RetryPolicy(
                    0, Duration.ofMillis(1), Duration.ofMillis(1), Duration.ofMillis(1)))
        .hasMessageContaining("attempts is 0");
    assertThatThrownBy(
            () ->
                new RetryPolicy(
                    1, Duration.ofMillis(2), Duration.ofMillis(1), Duration.ofMillis(1)))
        .hasMessageContaining("max delay");
    assertThat(s.endpoint("completions")).hasToString("http://h/v1/completions");
    assertThat(RemoteSettings.of("http://h/v1/", "m").endpoint("x")).hasToString("http://h/v1/x");
  }

  // ---- many at a time --------------------------------------------------------------------------

  @Test
  void requests_run_side_by_side_up_to_the_limit_and_answers_keep_their_order() throws Exception {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    try (FakeServer server =
            new FakeServer(
                (call, n) -> {
                  most.accumulateAndGet(running.incrementAndGet(), Math::max);
                  Thread.sleep(20 + (n * 7) % 40);
                  running.decrementAndGet();
                  String text = call.body().at("/messages/0/content").asText();
                  call.chat("a" + text, "b" + text);
                });
        OpenAiClient client = client(RemoteSettings.of(server.url(), "m").concurrency(4))) {
      List<List<Message>> chats =
          IntStream.range(0, 30).mapToObj(i -> List.of(Message.user("" + i))).toList();
      GenerationOptions two = SHORT.sampling(Sampling.temperature(1)).completionsPerPrompt(2);
      List<List<TextCompletion>> results = new ArrayList<>();
      Thread other = new Thread(() -> results.add(client.chat(chats, two)));
      other.start();
      List<TextCompletion> made = client.chat(chats, two);
      other.join();
      assertThat(most.get()).isBetween(2, 4);
      assertThat(made).hasSize(60).isEqualTo(results.get(0));
      for (int i = 0; i < 60; i++) {
        assertThat(made.get(i).index()).isEqualTo(i);
        assertThat(made.get(i).text()).isEqualTo((i % 2 == 0 ? "a" : "b") + i / 2);
      }
    }
  }

  @Test
  void one_failure_ends_the_others() {
    try (FakeServer server =
            new FakeServer(
                (call, n) -> {
                  if (call.body().at("/messages/0/content").asText().equals("0")) {
                    call.json(400, "{\"error\":{\"message\":\"no\"}}");
                  } else {
                    Thread.sleep(30_000);
                  }
                });
        OpenAiClient client = client(RemoteSettings.of(server.url(), "m").concurrency(3))) {
      List<List<Message>> chats =
          IntStream.range(0, 30).mapToObj(i -> List.of(Message.user("" + i))).toList();
      assertThatThrownBy(() -> client.chat(chats, SHORT)).hasMessageContaining("HTTP status 400");
      assertThat(server.bodies.size()).isLessThanOrEqualTo(3);
    }
  }

  @Test
  void an_interrupt_returns_what_there_is_and_stays() throws Exception {
    CountDownLatch waiting = new CountDownLatch(1);
    try (FakeServer server =
            new FakeServer(
                (call, n) -> {
                  if (call.body().at("/messages/0/content").asText().equals("0")) {
                    call.chat("done");
                  } else {
                    OutputStream out = call.events();
                    FakeServer.delta(out, 0, "half");
                    waiting.await(20, TimeUnit.SECONDS);
                    Thread.sleep(20_000);
                  }
                });
        OpenAiClient client = client(RemoteSettings.of(server.url(), "m").concurrency(1))) {
      List<TextCompletion> made = new ArrayList<>();
      AtomicBoolean interrupted = new AtomicBoolean();
      Thread caller =
          new Thread(
              () -> {
                made.addAll(
                    client.chat(
                        List.of(
                            List.of(Message.user("0")),
                            List.of(Message.user("1")),
                            List.of(Message.user("2"))),
                        SHORT,
                        (completion, delta) -> {
                          if (completion == 1) {
                            waiting.countDown();
                          }
                          return true;
                        }));
                interrupted.set(Thread.currentThread().isInterrupted());
              });
      caller.start();
      assertThat(await(waiting)).isTrue();
      caller.interrupt();
      caller.join(15_000);
      assertThat(interrupted).isTrue();
      assertThat(made).extracting(TextCompletion::text).containsExactly("done", "half", "");
      assertThat(made)
          .extracting(TextCompletion::finishReason)
          .containsExactly(FinishReason.STOP_TOKEN, FinishReason.CANCELLED, FinishReason.CANCELLED);
    }
  }

  // ---- token ids -------------------------------------------------------------------------------

  @Test
  void ids_go_and_come_without_being_tokenised_twice() {
    try (FakeServer server =
            new FakeServer(
                (call, n) -> {
                  OutputStream out = call.events();
                  FakeServer.event(
                      out,
                      "{\"choices\":[{\"index\":0,\"text\":\"ab\",\"token_ids\":[5,6],\"finish_reason\":null,"
                          + "\"logprobs\":{\"tokens\":[\"a\",\"b\"],\"token_logprobs\":[-0.5,-0.25]}}]}");
                  FakeServer.event(
                      out,
                      "{\"choices\":[{\"index\":0,\"text\":\"\",\"token_ids\":[2],\"finish_reason\":\"stop\",\"stop_reason\":2,"
                          + "\"logprobs\":{\"tokens\":[\"</s>\"],\"token_logprobs\":[-1]}}]}");
                  FakeServer.event(out, "[DONE]");
                });
        OpenAiClient client = client(server)) {
      List<String> seen = new ArrayList<>();
      List<Completion> made =
          new RemoteGenerator(client)
              .generate(
                  List.of(new int[] {1, 9}),
                  SHORT
                      .sampling(Sampling.temperature(1))
                      .stop(StopConditions.tokens(2))
                      .logProbs(true),
                  (completion, token, text) -> seen.add(completion + ":" + token + ":" + text));
      assertThat(made)
          .containsExactly(
              new Completion(
                  0,
                  new int[] {5, 6, 2},
                  "ab",
                  new float[] {-0.5f, -0.25f, -1},
                  new float[] {-0.5f, -0.25f, -1},
                  FinishReason.STOP_TOKEN));
      assertThat(seen).containsExactly("0:5:", "0:6:ab", "0:2:");
      JsonNode body = server.bodies.get(0);
      assertThat(body.path("prompt").toString()).isEqualTo("[1,9]");
      assertThat(body.path("return_token_ids").asBoolean()).isTrue();
      assertThat(body.path("stop_token_ids").toString()).isEqualTo("[2]");
    }
  }

  @Test
  void a_server_that_cannot_return_ids_is_an_error() {
    try (FakeServer server =
            new FakeServer(
                (call, n) ->
                    call.json(200, "{\"choices\":[{\"text\":\"a\",\"finish_reason\":\"stop\"}]}"));
        OpenAiClient client = client(server)) {
      assertThatThrownBy(() -> new RemoteGenerator(client).generate(List.of(new int[] {1}), SHORT))
          .isInstanceOf(RemoteException.class)
          .hasMessageContaining("token_ids");
    }
  }

  private static boolean await(CountDownLatch latch) {
    try {
      return latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void nobody_listening_is_always_the_same_object() {
    assertThat(TextListener.none()).isSameAs(TextListener.none());
  }
}
