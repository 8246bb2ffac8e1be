package dev.temper.generate;

import dev.temper.model.CausalLm;
import dev.temper.text.ChatEncoder;
import dev.temper.text.ChatTemplate;
import dev.temper.text.Message;
import java.util.ArrayList;
import java.util.List;

/**
 * A conversation with a model in this process: keeps the messages and, between turns, what the
 * model has read, so that a turn costs what is new in it.
 *
 * <pre>{@code
 * try (ChatSession chat = new ChatSession(model)) {
 *   chat.say("What is a monad?", options, TokenListener.text(System.out::print));
 *   chat.say("And in one sentence?", options, TokenListener.none());
 * }
 * }</pre>
 *
 * <p>Each turn is rendered whole by the chat template. Templates that change earlier turns (drop
 * their reasoning, say) make the cache useful only up to that change; the answer is the same.
 */
public final class ChatSession implements AutoCloseable {
  private final ChatEncoder encoder;
  private final ChatTemplate.Options template;
  private final GenerationSession session;
  private final List<Message> messages = new ArrayList<>();

  /** A chat with the template of the model's directory; the model stays the caller's to close. */
  public ChatSession(CausalLm model) {
    this(model, ChatEncoder.of(model.tokenizer()), ChatTemplate.Options.DEFAULT);
  }

  /** A chat with a template and its options. */
  public ChatSession(CausalLm model, ChatEncoder encoder, ChatTemplate.Options template) {
    this.encoder = encoder;
    this.template = template;
    this.session = new GenerationSession(model);
  }

  /** The messages so far. */
  public List<Message> messages() {
    return List.copyOf(messages);
  }

  /** Adds a message without answering it, such as the system's. */
  public void add(Message message) {
    messages.add(message);
  }

  /** Says something as the user and adds the model's answer to the messages. */
  public Completion say(String text, GenerationOptions options, TokenListener listener) {
    messages.add(Message.user(text));
    boolean answered = false;
    try {
      Completion answer = answer(options, listener);
      answered = true;
      return answer;
    } finally {
      if (!answered) {
        messages.remove(messages.size() - 1);
      }
    }
  }

  /** Answers the messages so far and adds the answer. */
  public Completion answer(GenerationOptions options, TokenListener listener) {
    Completion made = session.generate(encoder.prompt(messages, template), options, listener);
    messages.add(Message.assistant(made.text()));
    return made;
  }

  /** Tokens of the last turn's prompt that the model had read before. */
  public int reusedTokens() {
    return session.reusedTokens();
  }

  /** Frees what has been read. */
  @Override
  public void close() {
    session.close();
  }
}
