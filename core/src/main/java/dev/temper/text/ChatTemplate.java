package dev.temper.text;

import dev.temper.UserException;
import dev.temper.text.jinja.JinjaException;
import dev.temper.text.jinja.JinjaLimits;
import dev.temper.text.jinja.JinjaTemplate;
import dev.temper.text.jinja.Span;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The chat template of a model: turns messages into the text the model was trained on, as {@code
 * apply_chat_template} of transformers does.
 *
 * <p>Before rendering, keys of a message whose value is null are dropped, and reasoning given as
 * {@code reasoning_content}, {@code thinking} or {@code reasoning} is made available under the
 * first two names. The template sees {@code messages}, {@code tools}, {@code documents} and {@code
 * add_generation_prompt} (always defined; {@code tools} and {@code documents} may be none), the
 * special tokens and the extra variables.
 *
 * <p>Text of users is never evaluated as template. It may however spell special tokens: a tokenizer
 * would turn them into control tokens.
 *
 * <p>Immutable and safe to use from many threads.
 */
public final class ChatTemplate {
  private static final List<String> REASONING_FIELDS =
      List.of("reasoning_content", "thinking", "reasoning");
  private static final Set<String> RESERVED =
      Set.of("messages", "tools", "documents", "add_generation_prompt");

  private final JinjaTemplate template;

  private ChatTemplate(JinjaTemplate template) {
    this.template = template;
  }

  /** Which field of the last message is left open, for the model to continue. */
  public enum Continuation {
    /** None: the last message is closed like every other. */
    NONE,
    /** Its {@code content}: the text stops right behind it, without end of turn. */
    CONTENT,
    /** Its {@code reasoning_content}. */
    REASONING
  }

  /**
   * How to render.
   *
   * @param addGenerationPrompt end with the header of an assistant's message, so that the model
   *     answers
   * @param continueFinalMessage leave the last message open instead; excludes {@code
   *     addGenerationPrompt}
   * @param tools JSON schemas of the tools the model may call; null when there are none. Many
   *     templates ignore them silently.
   * @param documents documents for templates that ground answers in them; null when there are none
   * @param specialTokens for example {@code bos_token} to {@code <s>}
   * @param variables further variables of the template, such as {@code enable_thinking}; they win
   *     over special tokens
   * @param clock what templates that print today's date read
   */
  public record Options(
      boolean addGenerationPrompt,
      Continuation continueFinalMessage,
      @Nullable List<Map<String, Object>> tools,
      @Nullable List<Map<String, Object>> documents,
      Map<String, String> specialTokens,
      Map<String, Object> variables,
      Clock clock) {
    /** No generation prompt, no tools, no special tokens, the system clock. */
    public static final Options DEFAULT =
        new Options(
            false,
            Continuation.NONE,
            null,
            null,
            Map.of(),
            Map.of(),
            Clock.system(ZoneId.systemDefault()));

    /** Copies the collections and checks that the settings fit together. */
    public Options {
      if (addGenerationPrompt && continueFinalMessage != Continuation.NONE) {
        throw new IllegalArgumentException(
            "ChatTemplate.Options: addGenerationPrompt starts a new message and continueFinalMessage leaves the last one open; use one of them");
      }
      tools = tools == null ? null : List.copyOf(tools);
      documents = documents == null ? null : List.copyOf(documents);
      specialTokens = Map.copyOf(specialTokens);
      variables = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(variables));
      for (String name : RESERVED) {
        if (variables.containsKey(name) || specialTokens.containsKey(name)) {
          throw new IllegalArgumentException(
              "ChatTemplate.Options: \""
                  + name
                  + "\" has its own setting and cannot be an extra variable");
        }
      }
    }

    /** These options with {@code addGenerationPrompt} changed. */
    public Options withAddGenerationPrompt(boolean value) {
      return new Options(
          value, continueFinalMessage, tools, documents, specialTokens, variables, clock);
    }

    /** These options with {@code continueFinalMessage} changed. */
    public Options withContinueFinalMessage(Continuation value) {
      return new Options(
          addGenerationPrompt, value, tools, documents, specialTokens, variables, clock);
    }

    /** These options with {@code tools} changed. */
    public Options withTools(@Nullable List<Map<String, Object>> value) {
      return new Options(
          addGenerationPrompt,
          continueFinalMessage,
          value,
          documents,
          specialTokens,
          variables,
          clock);
    }

    /** These options with {@code documents} changed. */
    public Options withDocuments(@Nullable List<Map<String, Object>> value) {
      return new Options(
          addGenerationPrompt, continueFinalMessage, tools, value, specialTokens, variables, clock);
    }

    /** These options with {@code specialTokens} changed. */
    public Options withSpecialTokens(Map<String, String> value) {
      return new Options(
          addGenerationPrompt, continueFinalMessage, tools, documents, value, variables, clock);
    }

    /** These options with {@code variables} changed. */
    public Options withVariables(Map<String, Object> value) {
      return new Options(
          addGenerationPrompt, continueFinalMessage, tools, documents, specialTokens, value, clock);
    }

    /** These options with {@code clock} changed. */
    public Options withClock(Clock value) {
      return new Options(
          addGenerationPrompt,
          continueFinalMessage,
          tools,
          documents,
          specialTokens,
          variables,
          value);
    }
  }

  /**
   * Parses a template.
   *
   * @throws JinjaException when it is not valid Jinja, with the line
   */
  public static ChatTemplate parse(String source) {
    return new ChatTemplate(JinjaTemplate.parse(source));
  }

  /** The source of the template. */
  public String source() {
    return template.source();
  }

  /**
   * Whether the template marks what the model generates, so that {@link
   * RenderedChat#generationSpans} says what to train.
   */
  public boolean hasGenerationMarkers() {
    return template.hasGenerationBlocks();
  }

  /** Renders a chat with the default options. */
  public RenderedChat render(List<Message> messages) {
    return render(messages, Options.DEFAULT);
  }

  /**
   * Renders a chat.
   *
   * @throws JinjaException when the template fails or refuses the messages
   * @throws UserException when the last message cannot be continued
   */
  public RenderedChat render(List<Message> messages, Options options) {
    List<Map<String, Object>> chat = new ArrayList<>();
    messages.forEach(message -> chat.add(normalise(message)));
    Continuations open = null;
    if (options.continueFinalMessage() != Continuation.NONE) {
      open = Continuations.open(chat, options.continueFinalMessage(), template.source());
    }
    Map<String, Object> variables = new LinkedHashMap<>(options.specialTokens());
    variables.putAll(options.variables());
    variables.put("messages", chat);
    put(variables, "tools", options.tools());
    put(variables, "documents", options.documents());
    variables.put("add_generation_prompt", options.addGenerationPrompt());
    JinjaTemplate.Rendered rendered =
        template.render(variables, options.clock(), JinjaLimits.DEFAULT);
    if (open == null) {
      return new RenderedChat(rendered.text(), rendered.generations());
    }
    String text = open.cut(rendered.text());
    List<Span> spans = new ArrayList<>();
    for (Span span : rendered.generations()) {
      if (span.start() < text.length()) {
        spans.add(new Span(span.start(), Math.min(span.end(), text.length())));
      }
    }
    return new RenderedChat(text, spans);
  }

  @SuppressWarnings("NullAway") // templates see null as none
  private static void put(Map<String, Object> variables, String name, @Nullable Object value) {
    variables.put(name, value);
  }

  private static Map<String, Object> normalise(Message message) {
    Map<String, Object> fields = new LinkedHashMap<>();
    message
        .fields()
        .forEach(
            (key, value) -> {
              if (value != null) {
                fields.put(key, value);
              }
            });
    for (String field : REASONING_FIELDS) {
      Object reasoning = fields.get(field);
      if (reasoning != null) {
        fields.putIfAbsent("thinking", reasoning);
        fields.put("reasoning_content", reasoning);
        break;
      }
    }
    return fields;
  }

  /**
   * Finds every message in the rendered chat, for templates without generation markers. No
   * generation prompt is added.
   *
   * <p>Message i is found when the chat up to and including it renders to the beginning of the
   * whole chat's text. Where it starts is, for an assistant, where the chat before it with a
   * generation prompt ends; for other roles, and where that does not fit, the place of a marker
   * rendered in place of its content. Templates that render a message differently once others
   * follow (dropping its reasoning, for example) make that message {@link MessageSpan.Unlocated}.
   *
   * @return one entry for each message, in order
   * @throws JinjaException when the template fails on the whole chat
   */
  public List<MessageSpan> messageSpans(List<Message> messages, Options options) {
    Options plain =
        options.withContinueFinalMessage(Continuation.NONE).withAddGenerationPrompt(false);
    return new MessageLocator(this, plain).locate(messages);
  }

  /** The last message of a chat, marked where the model is to go on. */
  private record Continuations(String finalText) {
    private static final String TAG = "CONTINUE_FINAL_MESSAGE_TAG ";

    /** Puts the tag behind the last message's text. */
    static Continuations open(
        List<Map<String, Object>> chat, Continuation continuation, String source) {
      String field = continuation == Continuation.CONTENT ? "content" : "reasoning_content";
      if (chat.isEmpty()) {
        throw new UserException("continue_final_message is set but the conversation is empty!");
      }
      Map<String, Object> last = chat.get(chat.size() - 1);
      Object value = last.get(field);
      if (value == null) {
        throw new UserException(
            "continue_final_message is set but the final message has no \""
                + field
                + "\" to continue! Its keys are "
                + last.keySet());
      }
      List<String> fields =
          continuation == Continuation.CONTENT
              ? List.of(field)
              : REASONING_FIELDS.stream().filter(name -> value.equals(last.get(name))).toList();
      if (fields.stream().noneMatch(source::contains)) {
        throw new UserException(
            "continue_final_message is set to \""
                + field
                + "\" but this is not an accepted field in the chat_template!");
      }
      if (value instanceof List<?> parts) {
        return openParts(last, field, parts);
      }
      if (!(value instanceof String text)) {
        throw new UserException(
            "continue_final_message is set but \""
                + field
                + "\" of the final message is no text: "
                + value.getClass().getSimpleName());
      }
      fields.forEach(name -> last.put(name, text + TAG));
      return new Continuations(text);
    }

    private static Continuations openParts(Map<String, Object> last, String field, List<?> parts) {
      List<Object> changed = new ArrayList<>(parts);
      for (int i = changed.size() - 1; i >= 0; i--) {
        if (changed.get(i) instanceof Map<?, ?> part && part.get("text") instanceof String text) {
          Map<Object, Object> marked = new LinkedHashMap<>(part);
          marked.put("text", text + TAG);
          changed.set(i, marked);
          last.put(field, changed);
          return new Continuations(text);
        }
      }
      throw new UserException(
          "continue_final_message is set but we could not find any text to continue in the final message!");
    }

    /** The rendered text up to the tag. */
    String cut(String rendered) {
      int tag = rendered.lastIndexOf(TAG.strip());
      if (tag < 0 || !rendered.contains(PythonText.strip(finalText))) {
        throw new UserException(
            "continue_final_message is set but the final message does not appear in the chat after applying the chat template!"
                + " The template drops or changes its text: \""
                + PythonText.strip(finalText)
                + "\"");
      }
      String text = rendered.substring(0, tag);
      // A template that trims took the tag's own space; then the text's trailing space is gone as
      // well.
      return rendered.startsWith(TAG, tag) ? text : PythonText.rstrip(text);
    }
  }
}
