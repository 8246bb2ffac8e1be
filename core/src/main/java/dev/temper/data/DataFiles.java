package dev.temper.data;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/**
 * Finds data files: a file, those of a folder, or those of a pattern.
 *
 * <p>A folder is read as the hub lays data sets out: every data file below it, in the order of
 * their names; if some of them are of a split (a part of the path is {@code train}, {@code
 * validation}, {@code dev}, {@code valid}, {@code test} or {@code eval}, alone or before a dash,
 * underscore or dot), those of {@code train} alone. Numbered parts ({@code
 * train-00000-of-00002.parquet}) must all be there.
 */
public final class DataFiles {
  private static final Pattern DATA =
      Pattern.compile(".*\\.(jsonl|ndjson|json|csv|tsv|parquet)(\\.gz|\\.zst)?");
  private static final Pattern PART = Pattern.compile("(.*?)-(\\d{5})-of-(\\d{5})(.*)");
  private static final Pattern SPLIT =
      Pattern.compile("(train|validation|valid|dev|test|eval)([-_.].*)?");
  private static final Set<String> NO_DATA =
      Set.of(
          "dataset_infos.json",
          "dataset_dict.json",
          "dataset_info.json",
          "state.json",
          "config.json",
          "tokenizer.json",
          "tokenizer_config.json");
  private static final int DEPTH = 16;

  private DataFiles() {}

  /**
   * The files that a path means: itself, if it is a file; those of a folder; those that match a
   * pattern with {@code *}, {@code **}, {@code ?} or {@code {a,b}}, if nothing has that very name.
   *
   * @return at least one
   * @throws DataException if a folder or pattern has none, or a numbered part is missing
   */
  public static List<Path> find(Path path) {
    if (!Files.isDirectory(path)) {
      int wild = firstWildcard(path.toString());
      return wild < 0 || Files.exists(path) ? List.of(path) : matching(path.toString(), wild);
    }
    List<Path> files = below(path);
    Set<String> splits = new LinkedHashSet<>();
    files.forEach(file -> splits.add(split(path.relativize(file))));
    if (splits.contains("train")) {
      files.removeIf(file -> !split(path.relativize(file)).equals("train"));
    }
    if (files.isEmpty()) {
      throw new DataException(
          path + ": holds no data file (.jsonl, .json, .csv, .tsv, .parquet, also .gz or .zst)");
    }
    return complete(files);
  }

  /**
   * The files of one split of a folder.
   *
   * @param split {@code train}, {@code validation}, {@code test}, ...
   */
  public static List<Path> find(Path folder, String split) {
    List<Path> files = below(folder);
    files.removeIf(file -> !split(folder.relativize(file)).equals(split));
    if (files.isEmpty()) {
      throw new DataException(folder + ": holds no data file of the split " + split);
    }
    return complete(files);
  }

  private static List<Path> below(Path folder) {
    try (Stream<Path> walk = Files.walk(folder, DEPTH)) {
      List<Path> files = new ArrayList<>();
      walk.filter(Files::isRegularFile)
          .filter(file -> isData(folder.relativize(file)))
          .sorted(Comparator.comparing(Path::toString))
          .forEach(files::add);
      return files;
    } catch (IOException e) {
      throw Rows.unreadable(Origin.memory(folder.toString()), e);
    }
  }

  private static boolean isData(Path relative) {
    for (Path part : relative) {
      if (part.toString().startsWith(".")) {
        return false;
      }
    }
    String name = relative.getFileName().toString().toLowerCase(Locale.ROOT);
    return DATA.matcher(name).matches() && !NO_DATA.contains(name);
  }

  /** The split a file is of; empty if its path names none. */
  private static String split(Path relative) {
    for (Path part : relative) {
      Matcher matcher = SPLIT.matcher(part.toString().toLowerCase(Locale.ROOT));
      if (matcher.matches()) {
        return switch (matcher.group(1)) {
          case "valid", "dev" -> "validation";
          case "eval" -> "test";
          default -> matcher.group(1);
        };
      }
    }
    return "";
  }

  private static List<Path> matching(String pattern, int wild) {
    int slash = Math.max(pattern.lastIndexOf('/', wild), pattern.lastIndexOf('\\', wild));
    Path root = Path.of(slash < 0 ? "." : slash == 0 ? "/" : pattern.substring(0, slash));
    PathMatcher matcher;
    try {
      matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern.substring(slash + 1));
    } catch (PatternSyntaxException e) {
      throw new DataException(pattern + ": not a pattern: " + e.getDescription());
    }
    List<Path> files = new ArrayList<>();
    if (Files.isDirectory(root)) {
      try (Stream<Path> walk = Files.walk(root, DEPTH)) {
        walk.filter(Files::isRegularFile)
            .filter(file -> matcher.matches(root.relativize(file)))
            .sorted(Comparator.comparing(Path::toString))
            .forEach(file -> files.add(slash < 0 ? root.relativize(file) : file));
      } catch (IOException e) {
        throw Rows.unreadable(Origin.memory(pattern), e);
      }
    }
    if (files.isEmpty()) {
      throw new DataException(pattern + ": no file matches");
    }
    return complete(files);
  }

  /** Checks that of numbered parts none is missing. */
  private static List<Path> complete(List<Path> files) {
    Map<String, Set<Integer>> parts = new TreeMap<>();
    Map<String, Integer> counts = new TreeMap<>();
    for (Path file : files) {
      Matcher matcher = PART.matcher(file.toString());
      if (matcher.matches()) {
        String name = matcher.group(1) + "-?-of-" + matcher.group(3) + matcher.group(4);
        parts
            .computeIfAbsent(name, k -> new LinkedHashSet<>())
            .add(Integer.parseInt(matcher.group(2)));
        counts.put(name, Integer.parseInt(matcher.group(3)));
      }
    }
    parts.forEach(
        (name, present) -> {
          for (int i = 0; i < counts.getOrDefault(name, 0); i++) {
            if (!present.contains(i)) {
              throw new DataException(
                  name.replace("-?-of-", String.format(Locale.ROOT, "-%05d-of-", i))
                      + ": this part is missing, of "
                      + present.size()
                      + " others");
            }
          }
        });
    return List.copyOf(files);
  }

  private static int firstWildcard(String path) {
    for (int i = 0; i < path.length(); i++) {
      if ("*?{".indexOf(path.charAt(i)) >= 0) {
        return i;
      }
    }
    return -1;
  }
}
