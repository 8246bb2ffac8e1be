package dev.temper.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Damaged tokenizer files either load and work or give a {@link TokenizerException}. A crash of
 * native code would end the test JVM, so reaching the end is the assertion.
 */
class TokenizerFuzzTest {
  private static final String[] TEXTS = {
    "", " ", "ab Abé 😀 x\n\n<s>hi</s> [CLS] 123", "\u0000a\uD83Db\u0301 ▁▁ <0x41>"
  };

  /** Components of all kinds, so that mutations also reach code that the seed file does not use. */
  private static final String[] PARTS = {
    "null",
    "true",
    "-1",
    "0",
    "1",
    "7",
    "99999999999",
    "1e308",
    "\"\"",
    "\"a\"",
    "\"▁\"",
    "\"##\"",
    "\"<s>\"",
    "[]",
    "{}",
    "{\"type\":\"NFKC\"}",
    "{\"type\":\"NFD\"}",
    "{\"type\":\"NFC\"}",
    "{\"type\":\"ByteLevel\"}",
    "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"[^a]\"},\"content\":\"\"}",
    "{\"type\":\"Replace\",\"pattern\":{\"String\":\"é\"},\"content\":\"abc\"}",
    "{\"type\":\"Prepend\",\"prepend\":\"▁\"}",
    "{\"type\":\"Split\",\"pattern\":{\"String\":\"a\"},\"behavior\":\"MergedWithNext\",\"invert\":false}",
    "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"a\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":1}}],"
        + "\"pair\":[],\"special_tokens\":{\"a\":{\"id\":\"a\",\"ids\":[0],\"tokens\":[\"a\"]}}}",
    "{\"type\":\"Lowercase\"}",
    "{\"type\":\"Nmt\"}",
    "{\"type\":\"StripAccents\"}",
    "{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true}",
    "{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,\"strip_accents\":null,\"lowercase\":true}",
    "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\"\"}",
    "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"\\\\s*\"},\"content\":\"é\"}",
    "{\"type\":\"Prepend\",\"prepend\":\"\"}",
    "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"BAAAAAAAAAA=\"}",
    "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true}",
    "{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"always\",\"split\":true}",
    "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"\\\\w*\"},\"behavior\":\"MergedWithPrevious\",\"invert\":true}",
    "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a+)+b\"},\"behavior\":\"Removed\",\"invert\":false}",
    "{\"type\":\"Punctuation\",\"behavior\":\"Contiguous\"}",
    "{\"type\":\"Digits\",\"individual_digits\":true}",
    "{\"type\":\"BertPreTokenizer\"}",
    "{\"type\":\"Whitespace\"}",
    "{\"type\":\"UnicodeScripts\"}",
    "{\"type\":\"FixedLength\",\"length\":0}",
    "{\"type\":\"Strip\",\"content\":\"a\",\"start\":3,\"stop\":3}",
    "{\"type\":\"Strip\",\"content\":\"a\",\"start\":9,\"stop\":0}",
    "{\"type\":\"CTC\",\"pad_token\":\"a\",\"word_delimiter_token\":\"\",\"cleanup\":true}",
    "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true}",
    "{\"type\":\"BPEDecoder\",\"suffix\":\"\"}",
    "{\"type\":\"Fuse\"}",
    "{\"type\":\"ByteFallback\"}",
    "{\"type\":\"BertProcessing\",\"sep\":[\"a\",1],\"cls\":[\"b\",2]}",
    "{\"type\":\"RobertaProcessing\",\"sep\":[\"a\",1],\"cls\":[\"b\",2],\"trim_offsets\":true,\"add_prefix_space\":true}",
    "{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"B\",\"type_id\":0}}],\"pair\":[],\"special_tokens\":{}}",
    "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"z\",\"type_id\":0}}],\"pair\":[],\"special_tokens\":{}}",
    "{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"a\",-1],[\"\",-2],[\"é\",-3]]}",
    "{\"type\":\"Unigram\",\"unk_id\":null,\"vocab\":[[\"a\",-1]]}",
    "{\"type\":\"WordPiece\",\"unk_token\":\"?\",\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":3,\"vocab\":{\"a\":0}}",
    "{\"type\":\"WordLevel\",\"unk_token\":\"a\",\"vocab\":{\"a\":0}}",
    "{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[\"a b\"],\"continuing_subword_prefix\":\"##\"}",
    "{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"é\":1,\"é##\":2},\"merges\":[[\"a\",\"é\"]],\"end_of_word_suffix\":\"##\",\"dropout\":0.5}",
    "{\"id\":512,\"content\":\" \",\"single_word\":true,\"lstrip\":true,\"rstrip\":true,\"normalized\":true,\"special\":true}",
    "{\"id\":512,\"content\":\"a\",\"single_word\":false,\"lstrip\":true,\"rstrip\":true,\"normalized\":true,\"special\":false}",
    "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFD\"},{\"type\":\"StripAccents\"}]}"
  };

  /** Small files of the other model kinds, with the components that go with them. */
  private static final String[] OTHER_SEEDS = {
    "{\"version\":\"1.0\",\"truncation\":{\"direction\":\"Right\",\"max_length\":4,\"strategy\":\"LongestFirst\",\"stride\":9},"
        + "\"padding\":{\"strategy\":{\"Fixed\":8},\"direction\":\"Right\",\"pad_to_multiple_of\":0,\"pad_id\":0,\"pad_type_id\":0,\"pad_token\":\"[PAD]\"},"
        + "\"added_tokens\":[{\"id\":1,\"content\":\"[CLS]\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true},"
        + "{\"id\":7,\"content\":\"<s>\",\"single_word\":true,\"lstrip\":true,\"rstrip\":true,\"normalized\":true,\"special\":true}],"
        + "\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,\"strip_accents\":null,\"lowercase\":true},"
        + "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"post_processor\":{\"type\":\"TemplateProcessing\","
        + "\"single\":[{\"SpecialToken\":{\"id\":\"[CLS]\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],"
        + "\"pair\":[{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},{\"Sequence\":{\"id\":\"B\",\"type_id\":1}}],"
        + "\"special_tokens\":{\"[CLS]\":{\"id\":\"[CLS]\",\"ids\":[1],\"tokens\":[\"[CLS]\"]}}},"
        + "\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true},"
        + "\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":10,"
        + "\"vocab\":{\"[UNK]\":0,\"[CLS]\":1,\"a\":2,\"##b\":3,\"x\":4,\"é\":5,\"##e\":6}}}",
    "{\"version\":\"1.0\",\"added_tokens\":[{\"id\":8,\"content\":\"<s>\",\"single_word\":false,\"lstrip\":true,\"rstrip\":false,\"normalized\":false,\"special\":true},"
        + "{\"id\":9,\"content\":\"hi\",\"single_word\":true,\"lstrip\":false,\"rstrip\":true,\"normalized\":true,\"special\":false}],"
        + "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},{\"type\":\"Lowercase\"}]},"
        + "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":\"\\\\s+|\\\\p{L}+\"},\"behavior\":\"Isolated\",\"invert\":false},"
        + "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":true}]},"
        + "\"post_processor\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true},"
        + "\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true},"
        + "\"model\":{\"type\":\"BPE\",\"dropout\":0.1,\"unk_token\":null,\"continuing_subword_prefix\":\"\",\"end_of_word_suffix\":\"\",\"fuse_unk\":false,"
        + "\"byte_fallback\":false,\"ignore_merges\":true,\"vocab\":{\"a\":0,\"b\":1,\"Ġ\":2,\"x\":3,\"ab\":4,\"Ġa\":5,\"Ã\":6,\"1\":7},\"merges\":[[\"a\",\"b\"],[\"Ġ\",\"a\"]]}}",
    "{\"version\":\"1.0\",\"added_tokens\":[{\"id\":0,\"content\":\"<unk>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true}],"
        + "\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" {2,}\"},\"content\":\" \"},"
        + "\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"first\",\"split\":true},\"post_processor\":null,"
        + "\"decoder\":{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"first\",\"split\":true},"
        + "\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"byte_fallback\":true,\"vocab\":[[\"<unk>\",0],[\"▁\",-1.5],[\"a\",-2],[\"ab\",-2.5],[\"é\",-3],[\"<0x41>\",-9]]}}"
  };

  @Test
  void two_thousand_damaged_files_never_end_the_process() {
    fuzz(1, 2_000);
  }

  @Test
  @Tag("slow")
  void a_hundred_thousand_damaged_files_never_end_the_process() {
    fuzz(2, 100_000);
  }

  private static void fuzz(long seed, int count) {
    byte[] original = Goldens.bytes("stories260K-tokenizer.json.gz");
    List<JsonNode> seeds = new ArrayList<>(List.of(small(Goldens.parse(original))));
    for (String other : OTHER_SEEDS) {
      seeds.add(Goldens.parse(other.getBytes(StandardCharsets.UTF_8)));
    }
    for (JsonNode intact : seeds) {
      try (Tokenizer tokenizer = Tokenizer.fromJson(Goldens.write(intact))) {
        use(tokenizer);
      }
    }
    int loaded = 0;
    for (int i = 0; i < count; i++) {
      Random random = new Random(seed * 1_000_003 + i);
      JsonNode tree = seeds.get(i % seeds.size());
      byte[] compact = Goldens.write(tree);
      byte[] damaged =
          random.nextInt(4) == 0
              ? damageBytes(compact, random)
              : Goldens.write(damageTree(tree.deepCopy(), random));
      try (Tokenizer tokenizer = Tokenizer.fromJson(damaged)) {
        loaded++;
        use(tokenizer);
      } catch (TokenizerException e) {
        assertThat(e.getMessage()).isNotBlank();
      } catch (RuntimeException | Error e) {
        fail(
            "seed " + seed + ", file " + i + ": " + new String(damaged, StandardCharsets.UTF_8), e);
      }
    }
    assertThat(loaded).as("files that load in spite of the damage").isBetween(count / 50, count);
  }

  private static void use(Tokenizer tokenizer) {
    for (String text : TEXTS) {
      Encoding encoding = tokenizer.encode(text, AddSpecialTokens.YES);
      for (int t = 0; t < encoding.length(); t++) {
        assertThat(encoding.starts()[t]).isBetween(0, encoding.ends()[t]);
        assertThat(encoding.ends()[t]).isLessThanOrEqualTo(text.length());
      }
      tokenizer.decode(encoding.ids(), true);
      tokenizer.encodePlain(text);
    }
    tokenizer.decode(new int[] {0, 1, 2, 511, 600, Integer.MAX_VALUE}, false);
  }

  /**
   * The seed file with 60 tokens and 20 merges, so that mutations hit the structure and not only
   * the vocabulary.
   */
  private static JsonNode small(JsonNode tree) {
    ObjectNode root = tree.deepCopy();
    ObjectNode model = (ObjectNode) root.get("model");
    ObjectNode vocab = model.objectNode();
    ArrayNode merges = model.arrayNode();
    model.get("vocab").properties().stream()
        .filter(e -> e.getValue().asInt() < 3 || e.getKey().length() == 1)
        .limit(60)
        .forEach(e -> vocab.put(e.getKey(), vocab.size()));
    for (JsonNode merge : model.get("merges")) {
      String left = merge.get(0).asText();
      String right = merge.get(1).asText();
      if (merges.size() < 20 && vocab.has(left) && vocab.has(right)) {
        vocab.put(left + right, vocab.size());
        merges.add(merge);
      }
    }
    model.set("vocab", vocab);
    model.set("merges", merges);
    return root;
  }

  private static byte[] damageBytes(byte[] bytes, Random random) {
    byte[] result = bytes.clone();
    for (int n = 1 + random.nextInt(3); n > 0; n--) {
      result[random.nextInt(result.length)] =
          (byte)
              (random.nextBoolean()
                  ? random.nextInt(256)
                  : "{}[]\",:0a \\".charAt(random.nextInt(11)));
    }
    return random.nextInt(10) == 0
        ? java.util.Arrays.copyOf(result, random.nextInt(result.length))
        : result;
  }

  /**
   * Components by the key of tokenizer.json that takes them, and the key of the list in a sequence
   * of them.
   */
  private enum Kind {
    NORMALIZER(
        "normalizers",
        "Strip,StripAccents,NFKC,Lowercase,Nmt,BertNormalizer,Replace,Prepend,Precompiled,ByteLevel,NFD,NFC"),
    PRE_TOKENIZER(
        "pretokenizers",
        "ByteLevel,Metaspace,Split,Punctuation,Digits,BertPreTokenizer,Whitespace,UnicodeScripts"),
    POST_PROCESSOR("processors", "ByteLevel,BertProcessing,RobertaProcessing,TemplateProcessing"),
    DECODER(
        "decoders", "ByteLevel,Metaspace,Strip,CTC,WordPiece,BPEDecoder,Fuse,ByteFallback,Replace");

    private final String list;
    private final List<JsonNode> parts;

    Kind(String list, String types) {
      this.list = list;
      this.parts =
          java.util.Arrays.stream(PARTS)
              .map(part -> Goldens.parse(part.getBytes(StandardCharsets.UTF_8)))
              .filter(part -> List.of(types.split(",")).contains(part.path("type").asText("none")))
              .toList();
    }

    /** A random sequence of components of this kind. */
    JsonNode sequence(Random random) {
      ObjectNode result = Goldens.MAPPER.createObjectNode().put("type", "Sequence");
      ArrayNode items = result.putArray(list);
      for (int n = 1 + random.nextInt(3); n > 0; n--) {
        items.add(parts.get(random.nextInt(parts.size())).deepCopy());
      }
      return result;
    }
  }

  private static JsonNode damageTree(JsonNode root, Random random) {
    if (random.nextBoolean()) { // sound components in unheard-of combinations
      for (int n = 1 + random.nextInt(3); n > 0; n--) {
        Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
        ((ObjectNode) root)
            .set(kind.name().toLowerCase(java.util.Locale.ROOT), kind.sequence(random));
      }
      if (random.nextBoolean()) {
        return root;
      }
    }
    for (int n = 1 + random.nextInt(4); n > 0; n--) {
      List<Runnable> places = new ArrayList<>();
      collect(root, random, places, 0);
      if (!places.isEmpty()) {
        places.get(random.nextInt(places.size())).run();
      }
    }
    return root;
  }

  /** Possible mutations: every value outside the vocabulary once, and a few inside it. */
  private static void collect(JsonNode node, Random random, List<Runnable> places, int depth) {
    boolean large = node.size() > 15;
    if (node instanceof ObjectNode object) {
      for (String key :
          List.copyOf(
              new ArrayList<>(object.properties().stream().map(e -> e.getKey()).toList()))) {
        if (large && random.nextInt(10) > 0) {
          continue;
        }
        places.add(() -> object.set(key, part(random)));
        places.add(() -> object.set(key, part(random)));
        places.add(() -> object.remove(key));
        collect(object.get(key), random, places, depth + 1);
      }
    } else if (node instanceof ArrayNode array) {
      places.add(() -> array.add(part(random)));
      places.add(() -> array.insert(0, part(random)));
      for (int i = 0; i < array.size(); i++) {
        if (large && random.nextInt(10) > 0) {
          continue;
        }
        int at = i;
        places.add(() -> array.set(Math.min(at, array.size() - 1), part(random)));
        collect(array.get(i), random, places, depth + 1);
      }
    }
  }

  private static JsonNode part(Random random) {
    return Goldens.parse(PARTS[random.nextInt(PARTS.length)].getBytes(StandardCharsets.UTF_8));
  }
}
