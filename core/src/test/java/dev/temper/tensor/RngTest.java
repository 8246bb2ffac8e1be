package dev.temper.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class RngTest {
  // Known answers of philox4x32_10, published with Random123 (Salmon et al. 2011), file
  // kat_vectors.
  @Test
  void philox_gives_the_published_vectors() {
    assertThat(Rng.philox(new int[] {0, 0, 0, 0}, 0, 0))
        .containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
    assertThat(Rng.philox(new int[] {-1, -1, -1, -1}, -1, -1))
        .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
    assertThat(
            Rng.philox(
                new int[] {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0))
        .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
  }

  @Test
  void values_depend_on_seed_stream_and_counter_only() {
    assertThat(Rng.of(7).split("dropout").bits(3)).isEqualTo(Rng.of(7).split("dropout").bits(3));
    long[] different = {
      Rng.of(7).bits(0),
      Rng.of(8).bits(0),
      Rng.of(7).bits(1),
      Rng.of(7).split(1).bits(0),
      Rng.of(7).split("a").bits(0)
    };
    assertThat(LongStream.of(different).distinct().count()).isEqualTo(different.length);
  }

  @Test
  void uniforms_are_uniform_and_gaussians_normal() {
    int n = 100_000;
    Rng rng = Rng.of(1);
    double[] u = IntStream.range(0, n).mapToDouble(rng::uniform).toArray();
    assertThat(java.util.Arrays.stream(u).allMatch(x -> x >= 0 && x < 1)).isTrue();
    // Five standard errors of the mean.
    assertThat(IntStream.range(0, n).mapToDouble(i -> u[i]).average().orElseThrow())
        .isCloseTo(0.5, within(5 * 0.2887 / Math.sqrt(n)));
    double[] g = IntStream.range(0, n).mapToDouble(rng::gaussian).toArray();
    double mean = IntStream.range(0, n).mapToDouble(i -> g[i]).average().orElseThrow();
    double square = IntStream.range(0, n).mapToDouble(i -> g[i] * g[i]).average().orElseThrow();
    assertThat(mean).isCloseTo(0, within(5 / Math.sqrt(n)));
    assertThat(square).isCloseTo(1, within(5 * Math.sqrt(2.0 / n)));
  }
}
