package dev.temper.generate.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.temper.UserException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonSchemaTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '§',
      value = {
        "{'type':'integer'} § 0 -7 123456789012345 § 07 1.0 -",
        "{'type':'number'} § 0 -0.5 1e10 12.25E-3 § .5 1. 1e 01",
        "{'type':'boolean'} § true false § True null",
        "{'type':['null','boolean']} § null true § 0",
        "{'type':'string','maxLength':3} § \"\" \"abc\" \"é😀\\n\" \"\\\"\\\\\\u0001\" § \"abcd\" \"\"\" abc \"\t\"",
        "{'type':'string','pattern':'^a+$'} § \"a\" \"aaa\" § \"\" \"ba\" \"ab\"",
        "{'type':'string','pattern':'a+'} § \"a\" \"bab\" § \"b\"",
        "{'type':'string','pattern':'^\\\"$'} § \"\\\"\" § \"\"\"",
        "{'enum':['a',1,null,{'b':[true]}]} § \"a\" 1 null {\"b\":[true]} § \"b\" 2",
        "{'const':'x'} § \"x\" § \"y\"",
        "{'anyOf':[{'type':'integer'},{'type':'null'}]} § 5 null § \"5\"",
        "{'type':'array','items':{'type':'integer'}} § [] [1] [1,2,3] § [1,] [,1] 1",
        "{'type':'array','items':{'type':'integer'},'minItems':2,'maxItems':3} § [1,2] [1,2,3] § [] [1] [1,2,3,4]",
        "{'type':'array','maxItems':0} § [] § [1]",
        "{'type':'object'} § {} § {\"a\":1}",
        "{'type':'object','properties':{'a':{'type':'integer'},'b':{'type':'null'}},'required':['a','b']} § {\"a\":1,\"b\":null} § {\"a\":1} {\"b\":null,\"a\":1} {}",
        "{'type':'object','properties':{'a':{'type':'integer'},'b':{'type':'null'},'c':{'type':'null'}},'required':['b']} § {\"b\":null} {\"a\":1,\"b\":null} {\"a\":1,\"b\":null,\"c\":null} {\"b\":null,\"c\":null} § {} {\"a\":1} {,\"b\":null} {\"b\":null,}",
        "{'type':'object','properties':{'a':{'type':'null'},'b':{'type':'null'}}} § {} {\"a\":null} {\"b\":null} {\"a\":null,\"b\":null} § {\"b\":null,\"a\":null} {,}",
        "{'$defs':{'p':{'type':'integer'}},'type':'array','items':{'$ref':'#/$defs/p'}} § [1,2] § [null]"
      })
  void matches_valid_documents_and_no_others(String schema, String valid, String invalid) {
    ByteAutomaton automaton = new ByteAutomaton(JsonSchema.regex(schema.replace('\'', '"')));
    for (String text : valid.split(" ")) {
      assertThat(RegexTest.matches(automaton, text)).as("%s: %s", schema, text).isTrue();
    }
    for (String text : invalid.split(" ")) {
      assertThat(RegexTest.matches(automaton, text)).as("%s: %s", schema, text).isFalse();
    }
  }

  @Test
  void one_space_after_colon_and_comma_is_allowed() {
    ByteAutomaton automaton =
        new ByteAutomaton(
            JsonSchema.regex(
                "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"null\"},\"b\":{\"type\":\"null\"}},"
                    + "\"required\":[\"a\",\"b\"]}"));
    assertThat(RegexTest.matches(automaton, "{\"a\": null, \"b\": null}")).isTrue();
    assertThat(RegexTest.matches(automaton, "{\"a\":  null,\"b\":null}")).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '§',
      value = {
        "[ § not valid JSON",
        "true § must be an object",
        "{} § needs a type",
        "{'type':'integer','minimum':3} § at #: \"minimum\" is not supported",
        "{'type':'float'} § unknown type \"float\"",
        "{'oneOf':[]} § needs a type",
        "{'type':'object','additionalProperties':{'type':'null'}} § #/additionalProperties",
        "{'type':'object','required':['a']} § \"a\" is not in properties",
        "{'type':'object','required':'a'} § must be a list of names",
        "{'type':'array'} § needs items",
        "{'type':'array','items':{'type':'null'},'minItems':3,'maxItems':1} § maxItems is below",
        "{'type':'string','format':'date'} § \"format\" is not supported",
        "{'type':'string','pattern':'a(?=b)'} § position",
        "{'type':'string','pattern':'a','maxLength':3} § bound the pattern itself",
        "{'type':'string','maxLength':-1} § #/maxLength",
        "{'$ref':'other.json'} § must point into this document",
        "{'$ref':'#/$defs/x'} § points to nothing",
        "{'$defs':{'n':{'type':'array','items':{'$ref':'#/$defs/n'}}},'$ref':'#/$defs/n'} § recursive",
        "{'enum':[]} § at least one value",
        "{'type':'object','properties':{'a':{'type':'array'}}} § #/properties/a"
      })
  void what_is_not_supported_is_refused_with_its_place(String schema, String message) {
    assertThatThrownBy(() -> JsonSchema.regex(schema.replace('\'', '"')))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(message);
  }

  @Test
  void references_that_multiply_are_refused() {
    StringBuilder schema = new StringBuilder("{\"$defs\":{\"d0\":{\"type\":\"null\"}");
    for (int i = 1; i < 30; i++) {
      String ref = "{\"$ref\":\"#/$defs/d" + (i - 1) + "\"}";
      schema.append(",\"d" + i + "\":{\"anyOf\":[" + ref + "," + ref + "]}");
    }
    schema.append("},\"$ref\":\"#/$defs/d29\"}");
    assertThatThrownBy(() -> JsonSchema.regex(schema.toString()))
        .isInstanceOf(UserException.class)
        .hasMessageMatching("(?s).*more than \\d+ (levels|schemas).*");
  }
}
