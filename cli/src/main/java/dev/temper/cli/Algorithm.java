package dev.temper.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An algorithm of the catalogue.
 *
 * @param id how the catalogue calls it
 * @param name its name in full
 * @param family its family in the catalogue
 * @param type the class that implements it, if one does
 */
record Algorithm(String id, String name, String family, Optional<String> type) {
  /** Every algorithm of the catalogue, with the class that {@code docs/algorithms.md} names. */
  static List<Algorithm> all() {
    Map<String, String> types = new HashMap<>();
    for (String line : lines("algorithms.md")) {
      String[] cells = line.split("\\|", 4);
      if (line.startsWith("| `") && cells.length == 4) {
        types.put(code(cells[1]), code(cells[2]));
      }
    }
    return lines("catalogue.tsv").stream()
        .skip(1)
        .map(line -> line.split("\t"))
        .map(c -> new Algorithm(c[0], c[1], c[2], Optional.ofNullable(types.get(c[0]))))
        .toList();
  }

  private static String code(String cell) {
    return cell.strip().replace("`", "");
  }

  /** The build puts both files of {@code docs/} beside this class. */
  private static List<String> lines(String resource) {
    try (InputStream in = Algorithm.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is not in the jar");
      }
      return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
