///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DEPS dev.temper:temper-sft:0.1.0-SNAPSHOT
//DEPS ai.djl.pytorch:pytorch-native-cpu:2.7.1:linux-x86_64
package dev.temper.examples;

import dev.temper.model.CausalLm;
import dev.temper.text.ChatEncoder;
import dev.temper.text.ChatTemplate;
import dev.temper.text.EncodedChat;
import dev.temper.text.Message;
import java.nio.file.Path;
import java.util.List;

/** Shows which tokens of a chat are trained: look at this before training on chats. */
public final class ChatMasks {
  private static final ChatTemplate TEMPLATE =
      ChatTemplate.parse(
          "{% for m in messages %}{{ m.role }}:\n{{ m.content }}{{ eos_token }}\n{% endfor %}"
              + "{% if add_generation_prompt %}assistant:\n{% endif %}");

  private ChatMasks() {}

  /** Prints a chat with its trained text in brackets. */
  public static void main(String[] args) {
    System.out.println(run(Path.of("examples/models/stories260K")));
  }

  static String run(Path base) {
    try (CausalLm model = CausalLm.load(base)) {
      // A chat model brings its template: ChatEncoder.of(model.tokenizer()). This one has none.
      EncodedChat chat =
          new ChatEncoder(model.tokenizer(), TEMPLATE)
              .encode(
                  List.of(
                      Message.user("Who has the ball?"),
                      Message.assistant("Lily has the ball."),
                      Message.user("Why?"),
                      Message.assistant("She found it.")));
      StringBuilder out = new StringBuilder();
      for (int t = 0; t < chat.ids().length; t++) {
        boolean trained = chat.weights()[t] > 0;
        boolean before = t > 0 && chat.weights()[t - 1] > 0;
        out.append(trained && !before ? "[" : !trained && before ? "]" : "");
        out.append(model.tokenizer().token(chat.ids()[t]).orElse("?").replace('▁', ' '));
      }
      return out + (chat.weights()[chat.weights().length - 1] > 0 ? "]" : "");
    }
  }
}
