package dev.temper.generate;

import dev.temper.text.Message;
import java.util.List;

/**
 * Answers chats and continues texts: a model in this process ({@link LocalTextGenerator}) or a
 * server ({@link dev.temper.generate.remote.OpenAiClient}).
 *
 * <p>{@link Generator} is the interface for token ids, which training needs; this one is for text,
 * which is all that most servers speak.
 */
public interface TextGenerator {
  /**
   * Answers chats: {@link GenerationOptions#completionsPerPrompt()} answers each. A chat whose last
   * message is the assistant's is continued from its end; the answer is what is added.
   *
   * @param chats each with at least one message
   * @param listener called with text as it appears; an exception it throws ends the call
   * @return ordered by {@link TextCompletion#index()}, those of the first chat first
   * @throws dev.temper.UserException if an input or option cannot be used, or a server fails
   */
  List<TextCompletion> chat(
      List<List<Message>> chats, GenerationOptions options, TextListener listener);

  /**
   * Continues texts as they are, without a chat template. Special tokens that the tokenizer adds to
   * texts (a beginning-of-text token) are added.
   *
   * @param prompts none empty
   */
  List<TextCompletion> complete(
      List<String> prompts, GenerationOptions options, TextListener listener);

  /** Answers chats without following the text. */
  default List<TextCompletion> chat(List<List<Message>> chats, GenerationOptions options) {
    return chat(chats, options, TextListener.none());
  }

  /** Continues texts without following them. */
  default List<TextCompletion> complete(List<String> prompts, GenerationOptions options) {
    return complete(prompts, options, TextListener.none());
  }
}
