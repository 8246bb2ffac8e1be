package dev.temper.checkpoint;

import java.util.Collection;
import java.util.Comparator;

/** Suggestions for misspelt names. */
public final class Names {
  private static final int MAX_LENGTH = 200;

  private Names() {}

  /** "; did you mean 'x'?", or nothing if no known name is near. */
  public static String hint(String wanted, Collection<String> known) {
    String key = wanted.length() > MAX_LENGTH ? wanted.substring(0, MAX_LENGTH) : wanted;
    return known.stream()
        .filter(
            k ->
                k.length() <= MAX_LENGTH
                    && Math.abs(k.length() - key.length()) <= 1 + key.length() / 3)
        .limit(20_000)
        .min(Comparator.comparingInt(k -> distance(key, k)))
        .filter(k -> distance(key, k) <= 1 + key.length() / 3)
        .map(k -> "; did you mean '" + k + "'?")
        .orElse("");
  }

  /** Levenshtein distance. */
  static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int next =
            Math.min(
                Math.min(row[j], row[j - 1]) + 1,
                diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1));
        diagonal = row[j];
        row[j] = next;
      }
    }
    return row[b.length()];
  }
}
