package dev.temper.data;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a chat template is given besides the messages.
 *
 * @param tools JSON schemas of the tools the assistant may call, from the column {@code tools};
 *     empty without it
 * @param templateKwargs further template variables such as {@code enable_thinking}, from the column
 *     {@code chat_template_kwargs}
 */
public record ChatContext(
    List<Map<String, Object>> tools, Map<String, @Nullable Object> templateKwargs) {
  /** No tools and no variables. */
  public static final ChatContext NONE = new ChatContext(List.of(), Map.of());

  /** Copies the top level of both. */
  public ChatContext {
    tools = List.copyOf(tools);
    templateKwargs = Collections.unmodifiableMap(new LinkedHashMap<>(templateKwargs));
  }
}
