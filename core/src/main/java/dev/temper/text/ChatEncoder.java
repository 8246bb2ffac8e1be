package dev.temper.text;

import dev.temper.UserException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns chats into token ids and loss weights.
 *
 * <p>A message's trained tokens are its content and its end-of-turn token. Where they lie is what
 * the template's {@code {% generation %}} markers say for assistant messages, else what {@link
 * ChatTemplate#messageSpans} finds; headers, separators and the newline after the end of turn stay
 * untrained (unless a marked block covers them). A token counts as a message's as soon as it
 * overlaps it, as in transformers; unlike there, a token that also holds text beside the message is
 * an error by default ({@link BorderTokens}).
 *
 * <p>No special tokens are added to the rendered text: templates write their own, and adding them
 * again gives a double {@code <s>}. The template sees the tokenizer's special tokens; those in the
 * options win.
 *
 * <p>Immutable; safe for several threads as long as the tokenizer is open.
 */
public final class ChatEncoder {
  private final Tokenizer tokenizer;
  private final ChatTemplate template;
  private final TrainOn trainOn;
  private final EndOfTurn endOfTurn;
  private final BorderTokens borderTokens;

  private ChatEncoder(
      Tokenizer tokenizer,
      ChatTemplate template,
      TrainOn trainOn,
      EndOfTurn endOfTurn,
      BorderTokens borderTokens) {
    this.tokenizer = tokenizer;
    this.template = template;
    this.trainOn = trainOn;
    this.endOfTurn = endOfTurn;
    this.borderTokens = borderTokens;
  }

  /**
   * An encoder that trains all assistant messages with their end of turn, and fails on tokens
   * across a border.
   */
  public ChatEncoder(Tokenizer tokenizer, ChatTemplate template) {
    this(tokenizer, template, TrainOn.assistant(), EndOfTurn.TRAINED_TURNS, BorderTokens.FAIL);
  }

  /**
   * An encoder with the tokenizer's own chat template.
   *
   * @throws UserException if it has none
   */
  public static ChatEncoder of(Tokenizer tokenizer) {
    String source =
        tokenizer
            .chatTemplateSource()
            .orElseThrow(
                () ->
                    new UserException(
                        "the tokenizer has no chat template (chat_template.jinja, or chat_template in tokenizer_config.json): give one"));
    return new ChatEncoder(tokenizer, ChatTemplate.parse(source));
  }

  /** This encoder with another choice of trained messages. */
  public ChatEncoder withTrainOn(TrainOn value) {
    return new ChatEncoder(tokenizer, template, value, endOfTurn, borderTokens);
  }

  /** This encoder with another choice of trained end-of-turn tokens. */
  public ChatEncoder withEndOfTurn(EndOfTurn value) {
    return new ChatEncoder(tokenizer, template, trainOn, value, borderTokens);
  }

  /** This encoder with another treatment of tokens across a border. */
  public ChatEncoder withBorderTokens(BorderTokens value) {
    return new ChatEncoder(tokenizer, template, trainOn, endOfTurn, value);
  }

  /** The tokenizer. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** The template. */
  public ChatTemplate template() {
    return template;
  }

  /** Encodes a chat with the default options. */
  public EncodedChat encode(List<Message> messages) {
    return encode(messages, ChatTemplate.Options.DEFAULT);
  }

  /**
   * Encodes a whole chat.
   *
   * @throws ChatMaskException if a trained message cannot be told apart from the rest, with its
   *     index
   * @throws UserException if the template refuses the chat
   */
  public EncodedChat encode(List<Message> messages, ChatTemplate.Options options) {
    if (options.continueFinalMessage() != ChatTemplate.Continuation.NONE) {
      throw new IllegalArgumentException(
          "encode is for whole chats: continueFinalMessage must be NONE (prompt encodes an open chat)");
    }
    return new ChatMasks(tokenizer, trainOn, endOfTurn, borderTokens)
        .encode(template, messages, complete(options));
  }

  /**
   * Ids of a chat that the model is to go on with: as TRL, the header of an answer follows, or the
   * last assistant message stays open.
   */
  public int[] prompt(List<Message> messages, ChatTemplate.Options options) {
    return tokenizer.ids(promptText(messages, complete(options)));
  }

  /**
   * Encodes a prompt and its completion: both are rendered and tokenised as {@link
   * PromptCompletion} says, so everything after the prompt counts as completion, also the newline
   * after the end of turn.
   *
   * @throws TokenizerException if the prompt's tokens are not the first tokens of the whole and
   *     {@code mismatch} is {@code FAIL}
   */
  public PromptCompletion promptCompletion(
      List<Message> prompt,
      List<Message> completion,
      ChatTemplate.Options options,
      PromptCompletion.PrefixMismatch mismatch) {
    ChatTemplate.Options complete = complete(options);
    List<Message> whole = new ArrayList<>(prompt);
    whole.addAll(completion);
    ChatTemplate.Options closed =
        complete
            .withAddGenerationPrompt(false)
            .withContinueFinalMessage(ChatTemplate.Continuation.NONE);
    return PromptCompletion.encode(
        tokenizer, promptText(prompt, complete), template.render(whole, closed).text(), mismatch);
  }

  private String promptText(List<Message> messages, ChatTemplate.Options options) {
    if (messages.isEmpty()) {
      throw new UserException("the prompt has no message");
    }
    String last = messages.get(messages.size() - 1).role();
    ChatTemplate.Options open =
        switch (last) {
          case "user", "tool" ->
              options
                  .withContinueFinalMessage(ChatTemplate.Continuation.NONE)
                  .withAddGenerationPrompt(true);
          case TrainOn.ASSISTANT ->
              options
                  .withAddGenerationPrompt(false)
                  .withContinueFinalMessage(ChatTemplate.Continuation.CONTENT);
          default ->
              throw new UserException(
                  "a prompt must end with a message of role user, tool or assistant (to be continued); it ends with role '"
                      + last
                      + "'");
        };
    return template.render(messages, open).text();
  }

  private ChatTemplate.Options complete(ChatTemplate.Options options) {
    Map<String, String> special =
        new LinkedHashMap<>(tokenizer.specialTokens().templateVariables());
    special.putAll(options.specialTokens());
    return options.withSpecialTokens(special);
  }
}
