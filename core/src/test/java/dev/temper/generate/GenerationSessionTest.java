package dev.temper.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.temper.model.CausalLm;
import dev.temper.model.Golden;
import dev.temper.tensor.Census;
import dev.temper.text.AddSpecialTokens;
import dev.temper.text.ChatEncoder;
import dev.temper.text.ChatTemplate;
import dev.temper.text.Message;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GenerationSessionTest {
  private static final Path STORIES = Path.of("..", "examples", "models", "stories260K");

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void turns_equal_those_from_scratch_whatever_the_prompts_share(boolean greedy) {
    int before = Census.liveArrays();
    try (CausalLm model = CausalLm.load(Golden.model("llama3"));
        GenerationSession session = new GenerationSession(model)) {
      Random random = new Random(4);
      int[] text = {1, 2, 3};
      for (int turn = 0; turn < 12; turn++) {
        GenerationOptions options =
            GenerationOptions.maxNewTokens(1 + random.nextInt(6))
                .sampling(
                    greedy ? Sampling.greedy() : Sampling.temperature(1.2).topK(20).seed(turn))
                .logProbs(true);
        Completion made = session.generate(text, options);
        Completion scratch = new LocalGenerator(model).generate(List.of(text), options).get(0);
        assertThat(made.ids()).as("turn %d", turn).isEqualTo(scratch.ids());
        // The next prompt keeps a part of this one and its answer, and goes on differently.
        int keep = turn % 3 == 2 ? random.nextInt(text.length) : text.length + made.ids().length;
        int[] both = java.util.Arrays.copyOf(text, text.length + made.ids().length);
        System.arraycopy(made.ids(), 0, both, text.length, made.ids().length);
        int[] next = java.util.Arrays.copyOf(both, keep + 1 + random.nextInt(3));
        for (int i = keep; i < next.length; i++) {
          next[i] = random.nextInt(100);
        }
        if (turn > 0 && turn % 3 != 0) {
          assertThat(session.reusedTokens()).isPositive();
        }
        text = next.length < 50 ? next : new int[] {7, 8};
      }
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  @Test
  void the_same_prompt_again_reads_one_token_and_a_cleared_session_all() {
    try (CausalLm model = CausalLm.load(Golden.model("llama3"));
        GenerationSession session = new GenerationSession(model)) {
      int[] prompt = {4, 8, 15, 16, 23, 42};
      Completion first = session.generate(prompt, GenerationOptions.maxNewTokens(5));
      assertThat(session.reusedTokens()).isZero();
      assertThat(session.generate(prompt, GenerationOptions.maxNewTokens(5)).ids())
          .isEqualTo(first.ids());
      assertThat(session.reusedTokens()).isEqualTo(5);
      session.clear();
      session.generate(prompt, GenerationOptions.maxNewTokens(1));
      assertThat(session.reusedTokens()).isZero();
      assertThatThrownBy(
              () ->
                  session.generate(
                      prompt,
                      GenerationOptions.maxNewTokens(1)
                          .sampling(Sampling.temperature(1))
                          .completionsPerPrompt(2)))
          .hasMessageContaining("LocalGenerator");
    }
  }

  @Test
  void a_listener_that_throws_leaves_a_session_that_works() {
    try (CausalLm model = CausalLm.load(Golden.model("llama3"));
        GenerationSession session = new GenerationSession(model)) {
      int[] prompt = {4, 8, 15};
      assertThatThrownBy(
              () ->
                  session.generate(
                      prompt,
                      GenerationOptions.maxNewTokens(5),
                      (c, token, text) -> {
                        throw new IllegalStateException("mine");
                      }))
          .hasMessage("mine");
      assertThat(session.generate(prompt, GenerationOptions.maxNewTokens(5)).ids()).hasSize(5);
    }
  }

  @Test
  void a_chat_reuses_its_turns_and_answers_as_if_it_did_not() {
    try (CausalLm model = CausalLm.load(STORIES)) {
      ChatTemplate template =
          ChatTemplate.parse(
              "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
                  + "{% if add_generation_prompt %}assistant: {% endif %}");
      ChatEncoder encoder = new ChatEncoder(model.tokenizer(), template);
      GenerationOptions options = GenerationOptions.maxNewTokens(12);
      List<Message> plain = new ArrayList<>(List.of(Message.system("Tell stories.")));
      try (ChatSession chat = new ChatSession(model, encoder, ChatTemplate.Options.DEFAULT)) {
        chat.add(plain.get(0));
        for (String said : List.of("Once upon a time", "And then?", "The end.")) {
          Completion made = chat.say(said, options, TokenListener.none());
          plain.add(Message.user(said));
          int[] prompt = encoder.prompt(plain, ChatTemplate.Options.DEFAULT);
          assertThat(made.ids())
              .isEqualTo(new LocalGenerator(model).generate(List.of(prompt), options).get(0).ids());
          plain.add(Message.assistant(made.text()));
          assertThat(chat.messages()).isEqualTo(plain);
        }
        assertThat(chat.reusedTokens()).isGreaterThan(30);
      }
    }
  }

  @Test
  void a_local_text_generator_speaks_chats_texts_and_log_probs() {
    try (CausalLm model = CausalLm.load(STORIES)) {
      LocalGenerator generator = new LocalGenerator(model);
      TextGenerator texts = new LocalTextGenerator(generator, model.tokenizer());
      StringBuilder streamed = new StringBuilder();
      GenerationOptions options = GenerationOptions.maxNewTokens(8).logProbs(true);
      TextCompletion made =
          texts
              .complete(
                  List.of("Once upon a time"),
                  options,
                  (completion, delta) -> streamed.append(delta) != null)
              .get(0);
      Completion ids =
          generator
              .generate(
                  List.of(model.tokenizer().ids("Once upon a time", AddSpecialTokens.YES)), options)
              .get(0);
      assertThat(made.text()).isEqualTo(ids.text()).isEqualTo(streamed.toString());
      assertThat(made.tokens()).hasSize(8);
      assertThat(made.tokens().get(3).logProb()).isEqualTo(ids.rawLogProbs()[3]);
      assertThatThrownBy(() -> texts.chat(List.of(List.of()), options))
          .hasMessageContaining("no chat template");
    }
  }
}
