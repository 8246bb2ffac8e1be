package dev.temper.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Iterator;
import java.util.Map;

/**
 * JSON text as Python's {@code json.dumps(value, indent=2)} writes it, so that a file saved again
 * differs only where its content does.
 */
final class HuggingFaceJson {
  private static final ObjectMapper STRINGS =
      JsonMapper.builder()
          .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
          .disable(JsonWriteFeature.WRITE_HEX_UPPER_CASE)
          .build();

  private HuggingFaceJson() {}

  /** The text, ending in a line break. */
  static String pretty(JsonNode value) {
    StringBuilder out = new StringBuilder();
    append(out, value, "\n");
    return out.append('\n').toString();
  }

  private static void append(StringBuilder out, JsonNode value, String lineBreak) {
    String inner = lineBreak + "  ";
    if (value.isObject() && !value.isEmpty()) {
      String separator = "{";
      for (Map.Entry<String, JsonNode> e : value.properties()) {
        out.append(separator).append(inner).append(string(e.getKey())).append(": ");
        append(out, e.getValue(), inner);
        separator = ",";
      }
      out.append(lineBreak).append('}');
    } else if (value.isArray() && !value.isEmpty()) {
      String separator = "[";
      for (Iterator<JsonNode> i = value.elements(); i.hasNext(); ) {
        out.append(separator).append(inner);
        append(out, i.next(), inner);
        separator = ",";
      }
      out.append(lineBreak).append(']');
    } else if (value.isTextual()) {
      out.append(string(value.textValue()));
    } else if (value.isFloatingPointNumber()) {
      out.append(number(value));
    } else {
      out.append(value);
    }
  }

  private static String string(String text) {
    try {
      return STRINGS.writeValueAsString(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(
          "a string that is no JSON string: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * Python's {@code repr} of a float: plain from 1e-4 to below 1e16, with an exponent of at least
   * two digits elsewhere.
   */
  private static String number(JsonNode value) {
    double d = value.doubleValue();
    if (Double.isNaN(d) || Double.isInfinite(d)) {
      return Double.toString(d);
    }
    if (d == 0) {
      return 1 / d < 0 ? "-0.0" : "0.0";
    }
    BigDecimal decimal = shortest(d, value.isFloat());
    String digits = decimal.unscaledValue().abs().toString();
    int exponent = digits.length() - decimal.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      return decimal.scale() > 0 ? decimal.toPlainString() : decimal.setScale(1).toPlainString();
    }
    String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
    int size = Math.abs(exponent);
    return (d < 0 ? "-" : "")
        + digits.charAt(0)
        + fraction
        + "e"
        + (exponent < 0 ? "-" : "+")
        + (size < 10 ? "0" : "")
        + size;
  }

  /**
   * The fewest digits that read back as the same number; {@code Double.toString} gives more than
   * needed before Java 19.
   */
  private static BigDecimal shortest(double d, boolean isFloat) {
    BigDecimal exact = new BigDecimal(d);
    for (int precision = 1; ; precision++) {
      BigDecimal rounded = exact.round(new MathContext(precision, RoundingMode.HALF_EVEN));
      if (isFloat ? rounded.floatValue() == (float) d : rounded.doubleValue() == d) {
        return rounded.stripTrailingZeros();
      }
    }
  }
}
