package dev.temper.generate.remote;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Server-sent events: hands on the data of each event. Lines end with LF, CR or CR LF; comments and
 * other fields than {@code data} are passed over.
 */
final class EventParser implements Consumer<byte[]> {
  private final Consumer<String> events;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private final StringBuilder data = new StringBuilder();
  private boolean afterReturn;
  private boolean any;

  EventParser(Consumer<String> events) {
    this.events = events;
  }

  @Override
  public void accept(byte[] piece) {
    for (byte b : piece) {
      if (b == '\n' && afterReturn) {
        afterReturn = false;
        continue;
      }
      afterReturn = b == '\r';
      if (b == '\n' || b == '\r') {
        endLine();
      } else {
        line.write(b);
      }
    }
  }

  /** The stream has ended: an event whose blank line is missing counts. */
  void end() {
    if (line.size() > 0) {
      endLine();
    }
    dispatch();
  }

  private void endLine() {
    String text = line.toString(StandardCharsets.UTF_8);
    line.reset();
    if (text.isEmpty()) {
      dispatch();
    } else if (text.startsWith("data:")) {
      if (any) {
        data.append('\n');
      }
      data.append(text, text.startsWith("data: ") ? 6 : 5, text.length());
      any = true;
    }
  }

  private void dispatch() {
    if (any) {
      String event = data.toString();
      data.setLength(0);
      any = false;
      events.accept(event);
    }
  }
}
