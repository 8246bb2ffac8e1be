package dev.temper.alignment.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.alignment.Golden;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import dev.temper.train.LossOutput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.provider.Arguments;

/** What tests of losses against golden tables share. */
final class LossGoldens {
  private LossGoldens() {}

  static Stream<Arguments> rows(JsonNode file) {
    return StreamSupport.stream(file.get("cases").spliterator(), false)
        .map(c -> Arguments.of(c.get("name").asText(), c));
  }

  static Parameter leaf(double[] values) {
    Parameter p = Parameter.of("log-probs", Tensors.of(values, values.length));
    p.setTrainable(true);
    return p;
  }

  /** Scores given as sums: each completion is one token whose length is said to be another. */
  static SequenceScores scores(Tensor sums, float[] lengths) {
    int[] one = new int[lengths.length];
    Arrays.setAll(one, i -> i);
    return new SequenceScores(sums, sums, one, lengths);
  }

  static Tensor values(LossOutput output) {
    return output.terms().stream()
        .map(t -> t.values().mul(t.weights()))
        .reduce(Tensor::add)
        .orElseThrow();
  }

  static Tensor gradient(Parameter p) {
    return p.gradient().orElseGet(() -> Tensors.zerosLike(p.value()));
  }

  static void close(String what, double[] ours, double[] theirs, double relative, double absolute) {
    assertThat(ours).as(what).hasSameSizeAs(theirs);
    for (int i = 0; i < ours.length; i++) {
      assertThat(ours[i])
          .as("%s[%d]", what, i)
          .isCloseTo(theirs[i], within(absolute + relative * Math.abs(theirs[i])));
    }
  }

  static void close(String what, Tensor ours, JsonNode theirs, double relative, double absolute) {
    close(what, ours.toDoubles(), Golden.doubles(theirs), relative, absolute);
  }

  /** A matrix's rows one after the other. */
  static double[] flat(JsonNode matrix) {
    List<Double> out = new ArrayList<>();
    for (JsonNode row : matrix) {
      for (double x : Golden.doubles(row)) {
        out.add(x);
      }
    }
    return out.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
