package dev.temper.cli;

import static dev.temper.cli.Ran.temper;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code temper generate}: searches, forms and servers. */
class GenerateCommandTest {
  @TempDir Path dir;

  private static Ran generate(Object... more) {
    return temper(
        "generate",
        "--model",
        Story.MODEL,
        "--prompt",
        "Once upon a time",
        "--max-new-tokens",
        "24",
        java.util.List.of(more));
  }

  @Test
  void a_draft_model_changes_nothing_but_the_way() {
    String plain = generate("--temperature", "0").worked().out();
    assertThat(generate("--temperature", "0", "--draft-model", Story.MODEL).worked().out())
        .isEqualTo(plain);
  }

  @Test
  void beams_print_the_best_sequence() {
    assertThat(generate("--temperature", "0", "--beams", "3").worked().out().strip())
        .startsWith(", there was");
  }

  @Test
  void completions_match_the_expression_or_the_schema() throws IOException {
    assertThat(
            generate("--temperature", "1", "--regex", "(red|blue) \\d{2}").worked().out().strip())
        .matches("(red|blue) \\d{2}");
    Path schema =
        Files.writeString(
            dir.resolve("schema.json"),
            "{\"type\":\"object\",\"properties\":{\"a\":{\"enum\":[1,2]}},\"required\":[\"a\"]}");
    JsonNode made =
        Story.JSON.readTree(generate("--temperature", "1", "--json-schema", schema).worked().out());
    assertThat(made.path("a").intValue()).isIn(1, 2);
  }

  @ParameterizedTest
  @CsvSource({
    "--beams 1, beams is 1",
    "--beams 2 --draft-model x, one of --beams and --draft-model",
    "--length-penalty 2, needs --beams",
    "--regex (a, regular expression",
    "--json-schema nowhere.json, there is no file nowhere.json",
    "--key-from K, --key-from needs --base-url",
    "--base-url http://localhost:1/v1 --beams 2, --beams needs a model in this process",
    "--base-url ftp://x, must begin with http",
    "--base-url http://localhost:1/v1 --key-from NO_SUCH_VARIABLE_HERE, NO_SUCH_VARIABLE_HERE is not set"
  })
  void flags_that_do_not_fit_are_one_clear_error(String flags, String message) {
    generate((Object[]) flags.split(" ")).failed(message);
  }

  @Test
  void a_server_answers_rows_in_their_order() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
    server.createContext(
        "/",
        exchange -> {
          JsonNode body = Story.JSON.readTree(exchange.getRequestBody());
          String text =
              body.has("messages")
                  ? "\"message\":{\"content\":\"re "
                      + body.at("/messages/0/content").asText()
                      + "\"}"
                  : "\"text\":\"on " + body.path("prompt").asText() + "\"";
          byte[] answer =
              ("{\"choices\":[{\"index\":0," + text + ",\"finish_reason\":\"stop\"}]}")
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
    try {
      Path in =
          Files.writeString(
              dir.resolve("in.jsonl"),
              """
              {"prompt": "a", "id": 1}
              {"prompt": [{"role": "user", "content": "b"}], "id": 2}
              {"prompt": "c", "id": 3}
              """);
      Path out = dir.resolve("out.jsonl");
      String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/v1";
      temper("generate", "--model", "some/name", "--base-url", url, "--data", in, "--out", out)
          .worked();
      assertThat(Files.readAllLines(out))
          .extracting(line -> Story.JSON.readTree(line).path("completion").asText())
          .containsExactly("on a", "re b", "on c");
      assertThat(
              temper("generate", "--model", "m", "--base-url", url, "--chat", "hi")
                  .worked()
                  .out()
                  .strip())
          .isEqualTo("re hi");
    } finally {
      server.stop(0);
    }
  }
}
