package dev.temper.cli;

import dev.temper.model.DecodeWeights;
import java.util.Arrays;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Names of {@link DecodeWeights} in lower case. */
final class DecodeWeightsConverter implements ITypeConverter<DecodeWeights> {
  @Override
  public DecodeWeights convert(String value) {
    for (DecodeWeights w : DecodeWeights.values()) {
      if (w.name().toLowerCase(Locale.ROOT).equals(value)) {
        return w;
      }
    }
    throw new TypeConversionException(
        "'"
            + value
            + "' must be one of "
            + String.join(
                ", ",
                Arrays.stream(DecodeWeights.values())
                    .map(w -> w.name().toLowerCase(Locale.ROOT))
                    .toList()));
  }
}
