package dev.temper.efficiency.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.temper.UserException;
import dev.temper.model.CausalLm;
import dev.temper.model.Linear;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TargetsTest {
  private static CausalLm model;

  @BeforeAll
  static void load() {
    model = PeftGolden.base();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static List<String> names(Targets targets) {
    return targets.select(model).stream().map(Linear::name).toList();
  }

  @Test
  void a_suffix_ends_at_a_dot() {
    assertThat(names(Targets.suffixes("q_proj")))
        .containsExactly("model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.q_proj");
    assertThat(names(Targets.suffixes("layers.1.mlp.up_proj")))
        .containsExactly("model.layers.1.mlp.up_proj");
    assertThatThrownBy(() -> names(Targets.suffixes("proj"))).isInstanceOf(UserException.class);
  }

  @Test
  void a_regular_expression_matches_the_whole_path() {
    assertThat(names(Targets.regex("model\\.layers\\.1\\..*[qk]_proj")))
        .containsExactly("model.layers.1.self_attn.q_proj", "model.layers.1.self_attn.k_proj");
    assertThatThrownBy(() -> names(Targets.regex("q_proj")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("whole path");
  }

  @Test
  void roles_and_all_linear_cover_the_blocks_without_the_head() {
    assertThat(names(Targets.roles(Role.ATTENTION)))
        .hasSize(8)
        .allMatch(n -> n.contains("self_attn"));
    assertThat(names(Targets.roles(Role.MLP))).hasSize(6).allMatch(n -> n.contains("mlp"));
    assertThat(names(Targets.allLinear())).hasSize(14).noneMatch(n -> n.contains("lm_head"));
    assertThat(names(Targets.roles(Role.values()))).isEqualTo(names(Targets.allLinear()));
    assertThat(names(Targets.modelDefault()))
        .isEqualTo(names(Targets.suffixes("q_proj", "v_proj")));
  }

  @Test
  void excluding_takes_away() {
    assertThat(names(Targets.allLinear().excluding("down_proj", "o_proj"))).hasSize(10);
    assertThat(names(Targets.allLinear().excluding(Targets.regex(".*layers\\.0.*")))).hasSize(7);
    assertThatThrownBy(() -> names(Targets.suffixes("q_proj").excluding("q_proj")))
        .isInstanceOf(UserException.class);
  }

  @Test
  void a_misspelt_name_is_an_error_that_lists_what_there_is() {
    assertThatThrownBy(() -> names(Targets.suffixes("q_proj", "vproj")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("'vproj'")
        .hasMessageContaining("down_proj, gate_proj, k_proj, o_proj, q_proj, up_proj, v_proj")
        .hasMessageContaining("model.layers.0.self_attn.q_proj");
  }

  @Test
  void rejects_nothing_and_bad_syntax() {
    assertThatThrownBy(() -> Targets.suffixes()).isInstanceOf(UserException.class);
    assertThatThrownBy(() -> Targets.suffixes(" ")).isInstanceOf(UserException.class);
    assertThatThrownBy(() -> Targets.roles()).isInstanceOf(UserException.class);
    assertThatThrownBy(() -> Targets.regex("("))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("'('");
  }
}
