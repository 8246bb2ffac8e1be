package dev.temper.train.report;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a run is about to do, as the program that starts it says.
 *
 * @param title one line for people, such as {@code DPO of SmolLM2-135M on pairs.jsonl}
 * @param config every setting, as a tree; written to {@code run.json} as it is, so it must hold no
 *     secret
 * @param seed the seed of the run
 * @param data the data files
 * @param versions versions of what else the numbers depend on, such as {@code pytorch}; Temper,
 *     Java and the operating system are added
 */
public record RunInfo(
    String title, ObjectNode config, long seed, List<DataFile> data, Map<String, String> versions) {
  /** Checks that everything is given, and copies it. */
  public RunInfo {
    requireNonNull(title, "title");
    config = config.deepCopy();
    data = List.copyOf(data);
    versions = Collections.unmodifiableMap(new LinkedHashMap<>(versions));
  }
}
