package dev.temper.data;

import java.util.List;
import java.util.Map;

/**
 * The prompt that two completions begin with, taken out of both.
 *
 * <p>As TRL's {@code extract_prompt}: what both have in common, without a space at its end (the
 * space belongs to the completions). Of completions of which one begins with the other, the last
 * shared character or message stays with them, so that neither is empty. Differences: texts that
 * share nothing have an empty prompt (TRL then looks at the last character of the chosen one), and
 * a character of two UTF-16 units is not cut in half.
 *
 * @param prompt what is shared
 * @param chosen the rest of the first
 * @param rejected the rest of the second
 */
public record SharedPrompt(Passage prompt, Passage chosen, Passage rejected) {
  /** Of two texts. */
  public static SharedPrompt of(String chosen, String rejected) {
    int least = Math.min(chosen.length(), rejected.length());
    int end = 0;
    while (end < least && chosen.charAt(end) == rejected.charAt(end)) {
      end++;
    }
    if (end == least && end > 0) {
      end--;
    } else if (end > 0 && chosen.charAt(end - 1) == ' ') {
      end--;
    }
    if (end > 0 && Character.isHighSurrogate(chosen.charAt(end - 1))) {
      end--;
    }
    return new SharedPrompt(
        new Passage.Text(chosen.substring(0, end)),
        new Passage.Text(chosen.substring(end)),
        new Passage.Text(rejected.substring(end)));
  }

  /** Of two conversations. */
  public static SharedPrompt of(
      List<Map<String, Object>> chosen, List<Map<String, Object>> rejected) {
    int least = Math.min(chosen.size(), rejected.size());
    int end = 0;
    while (end < least && chosen.get(end).equals(rejected.get(end))) {
      end++;
    }
    if (end == least && end > 0) {
      end--;
    }
    return new SharedPrompt(
        new Passage.Messages(chosen.subList(0, end)),
        new Passage.Messages(chosen.subList(end, chosen.size())),
        new Passage.Messages(rejected.subList(end, rejected.size())));
  }
}
