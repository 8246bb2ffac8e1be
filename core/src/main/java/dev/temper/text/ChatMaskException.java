package dev.temper.text;

import dev.temper.UserException;

/**
 * A message whose tokens cannot be told apart from the rest of the chat, so that no exact loss mask
 * exists.
 */
public class ChatMaskException extends UserException {
  private static final long serialVersionUID = 1L;

  private final int messageIndex;

  ChatMaskException(int messageIndex, String what) {
    super("message " + messageIndex + ": " + what);
    this.messageIndex = messageIndex;
  }

  /** The index of the message in the chat. */
  public int messageIndex() {
    return messageIndex;
  }
}
