package dev.temper.train;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a look at held-out examples found.
 *
 * @param loss mean loss over all of them, whatever the micro-batches
 * @param metrics the loss's and the objective's other metrics, by name
 */
public record Evaluation(double loss, Map<String, Double> metrics) {
  /** Copies. */
  public Evaluation {
    metrics = Map.copyOf(metrics);
  }

  /**
   * All numbers under the names they are logged with: {@code eval_loss}, {@code eval_entropy}, …
   */
  public Map<String, Double> logged() {
    Map<String, Double> out = new LinkedHashMap<>();
    out.put("eval_loss", loss);
    metrics.forEach((name, value) -> out.put("eval_" + name, value));
    return out;
  }
}
