package dev.temper.generate.remote;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A server on the loopback interface whose answers a test writes. */
final class FakeServer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Answers request number {@code n}, from 0. */
  @FunctionalInterface
  interface Behaviour {
    void answer(Call call, int n) throws Exception;
  }

  final List<JsonNode> bodies = new CopyOnWriteArrayList<>();
  final List<String> authorizations = new CopyOnWriteArrayList<>();
  final List<String> paths = new CopyOnWriteArrayList<>();
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  FakeServer(Behaviour behaviour) {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          JsonNode body = JSON.readTree(exchange.getRequestBody());
          int n;
          synchronized (this) {
            n = bodies.size();
            bodies.add(body);
          }
          paths.add(exchange.getRequestURI().getPath());
          authorizations.add(
              String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
          try {
            behaviour.answer(new Call(exchange, body), n);
          } catch (Exception e) {
            // The client went away, or the test wants the connection to break.
          } finally {
            exchange.close();
          }
        });
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1";
  }

  @Override
  public void close() {
    threads.shutdownNow();
    server.stop(0);
  }

  /** One request. */
  record Call(HttpExchange exchange, JsonNode body) {
    void json(int status, String json) throws IOException {
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      send(status, json);
    }

    void send(int status, String text) throws IOException {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    }

    /** Begins a stream of events. */
    OutputStream events() throws IOException {
      exchange.getResponseHeaders().set("Content-Type", "text/event-stream; charset=utf-8");
      exchange.sendResponseHeaders(200, 0);
      return exchange.getResponseBody();
    }

    void chat(String... texts) throws IOException {
      StringBuilder choices = new StringBuilder();
      for (int i = 0; i < texts.length; i++) {
        choices
            .append(i == 0 ? "" : ",")
            .append("{\"index\":" + i + ",\"message\":{\"role\":\"assistant\",\"content\":")
            .append(JSON.writeValueAsString(texts[i]))
            .append("},\"finish_reason\":\"stop\"}");
      }
      json(200, "{\"object\":\"chat.completion\",\"choices\":[" + choices + "]}");
    }
  }

  static void event(OutputStream out, String data) throws IOException {
    out.write(("data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  static void delta(OutputStream out, int index, String text) throws IOException {
    event(
        out,
        "{\"choices\":[{\"index\":"
            + index
            + ",\"delta\":{\"content\":"
            + JSON.writeValueAsString(text)
            + "},\"finish_reason\":null}]}");
  }

  static void finish(OutputStream out, int index, String reason) throws IOException {
    event(
        out,
        "{\"choices\":[{\"index\":"
            + index
            + ",\"delta\":{},\"finish_reason\":\""
            + reason
            + "\"}]}");
  }
}
