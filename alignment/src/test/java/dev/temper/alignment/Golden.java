package dev.temper.alignment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/** Golden values of the reference implementations. */
public final class Golden {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Golden() {}

  public static JsonNode json(String name) {
    try (InputStream in =
        new GZIPInputStream(
            Objects.requireNonNull(
                Golden.class.getResourceAsStream("/golden/alignment/" + name + ".json.gz")))) {
      return JSON.readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static double[] doubles(JsonNode array) {
    double[] out = new double[array.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] =
          array.get(i).isTextual()
              ? Double.parseDouble(array.get(i).asText())
              : array.get(i).doubleValue();
    }
    return out;
  }

  public static float[] floats(JsonNode array) {
    double[] values = doubles(array);
    float[] out = new float[values.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) values[i];
    }
    return out;
  }
}
