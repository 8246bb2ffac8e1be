package dev.temper.generate;

import dev.temper.UserException;
import dev.temper.text.AddSpecialTokens;
import dev.temper.text.ChatEncoder;
import dev.temper.text.ChatTemplate;
import dev.temper.text.Message;
import dev.temper.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;

/** Texts and chats for a {@link Generator} of token ids, by a tokenizer and its chat template. */
public final class LocalTextGenerator implements TextGenerator {
  private final Generator generator;
  private final Tokenizer tokenizer;
  private final ChatTemplate.Options template;

  /** Uses the chat template of the tokenizer's directory, without tools or variables. */
  public LocalTextGenerator(Generator generator, Tokenizer tokenizer) {
    this(generator, tokenizer, ChatTemplate.Options.DEFAULT);
  }

  /** Uses the chat template of the tokenizer's directory with these options. */
  public LocalTextGenerator(
      Generator generator, Tokenizer tokenizer, ChatTemplate.Options template) {
    this.generator = generator;
    this.tokenizer = tokenizer;
    this.template = template;
  }

  @Override
  public List<TextCompletion> chat(
      List<List<Message>> chats, GenerationOptions options, TextListener listener) {
    ChatEncoder encoder = ChatEncoder.of(tokenizer);
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < chats.size(); i++) {
      if (chats.get(i).isEmpty()) {
        throw new UserException("chat " + i + " has no messages: give at least the user's");
      }
      prompts.add(encoder.prompt(chats.get(i), template));
    }
    return generate(prompts, options, listener);
  }

  @Override
  public List<TextCompletion> complete(
      List<String> prompts, GenerationOptions options, TextListener listener) {
    return generate(
        prompts.stream().map(p -> tokenizer.ids(p, AddSpecialTokens.YES)).toList(),
        options,
        listener);
  }

  private List<TextCompletion> generate(
      List<int[]> prompts, GenerationOptions options, TextListener listener) {
    TokenListener tokens =
        (completion, token, text) -> text.isEmpty() || listener.onText(completion, text);
    return generator.generate(prompts, options, tokens).stream().map(this::text).toList();
  }

  private TextCompletion text(Completion c) {
    List<TextCompletion.Token> tokens = new ArrayList<>();
    for (int i = 0; i < c.rawLogProbs().length; i++) {
      tokens.add(
          new TextCompletion.Token(
              tokenizer.decode(new int[] {c.ids()[i]}, false), c.rawLogProbs()[i]));
    }
    return new TextCompletion(c.index(), c.text(), tokens, c.finishReason());
  }
}
