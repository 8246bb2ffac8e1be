import dev.temper.model.CausalLm;
import dev.temper.model.SequenceClassifier;
import dev.temper.model.TokenBatch;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.train.AdamW;
import dev.temper.train.Optimizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * {@code java Classifiers.java BASE ROWS OUT}: puts three labels on the model in BASE, trains them
 * and the whole model for two steps on the ids in ROWS (a sequence a line), saves to OUT, and prints
 * a line of scores for each sequence. With {@code load} for OUT it scores the classifier in BASE.
 */
final class Classifiers {
  public static void main(String[] args) throws Exception {
    Path base = Path.of(args[0]);
    List<int[]> rows =
        Files.readAllLines(Path.of(args[1])).stream()
            .map(l -> Arrays.stream(l.split(" ")).mapToInt(Integer::parseInt).toArray())
            .toList();
    boolean load = args[2].equals("load");
    try (SequenceClassifier model = load ? SequenceClassifier.load(base) : create(base)) {
      TokenBatch batch = TokenBatch.of(rows);
      if (!load) {
        train(model, batch);
        model.save(Path.of(args[2]));
      }
      double[] scores = Scope.run("scores", () -> model.scores(batch).toDoubles());
      int labels = model.labels().size();
      for (int i = 0; i < scores.length; i += labels) {
        StringBuilder line = new StringBuilder();
        for (int k = 0; k < labels; k++) {
          line.append(k == 0 ? "" : " ").append(scores[i + k]);
        }
        System.out.println(line);
      }
    }
  }

  private static SequenceClassifier create(Path base) throws Exception {
    List<String> labels = List.of("bad", "fair", "good");
    return Files.readString(base.resolve("config.json")).contains("\"bert\"")
        ? SequenceClassifier.create(base, labels, 7)
        : SequenceClassifier.of(CausalLm.load(base), labels, 7);
  }

  private static void train(SequenceClassifier model, TokenBatch batch) {
    model.trainAll();
    try (Optimizer adamW = AdamW.learningRate(1e-2).create(model.parameters())) {
      for (int step = 0; step < 2; step++) {
        Scope.run(
            "step",
            () ->
                Autograd.record(
                    () -> {
                      Autograd.backward(model.scores(batch).sub(1).square().mean());
                      return null;
                    }));
        adamW.step(1e-2);
        model.parameters().forEach(Parameter::zeroGradient);
      }
    }
  }
}
