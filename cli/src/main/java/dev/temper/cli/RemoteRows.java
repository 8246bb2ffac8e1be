package dev.temper.cli;

import dev.temper.UserException;
import dev.temper.data.Row;
import dev.temper.data.Rows;
import dev.temper.generate.FinishReason;
import dev.temper.generate.GenerationOptions;
import dev.temper.generate.TextCompletion;
import dev.temper.generate.remote.OpenAiClient;
import dev.temper.text.Message;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Rows answered by a server: chats by one call, texts by another, written in the rows' order. */
final class RemoteRows {
  private RemoteRows() {}

  static void answer(
      OpenAiClient client, Path data, Path out, GenerationOptions options, PrintWriter console) {
    List<Row> rows = Rows.load(data).stream().toList();
    List<List<Message>> chats = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    List<Boolean> isChat = new ArrayList<>();
    for (Row row : rows) {
      GenerateCommand.Prompt prompt = GenerateCommand.prompt(row);
      List<Message> messages = prompt.messages();
      isChat.add(messages != null);
      if (messages != null) {
        chats.add(messages);
      } else {
        texts.add(prompt.text());
      }
    }
    List<TextCompletion> answered = client.chat(chats, options);
    List<TextCompletion> continued = client.complete(texts, options);
    List<String> made = new ArrayList<>();
    int chat = 0;
    int text = 0;
    for (boolean c : isChat) {
      TextCompletion completion = c ? answered.get(chat++) : continued.get(text++);
      if (completion.finishReason() == FinishReason.CANCELLED) {
        throw new UserException("interrupted; nothing was written to " + out);
      }
      made.add(completion.text());
    }
    GenerateCommand.write(rows, made, out, console);
  }
}
