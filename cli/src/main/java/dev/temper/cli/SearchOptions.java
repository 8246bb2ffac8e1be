package dev.temper.cli;

import dev.temper.UserException;
import dev.temper.generate.BeamOptions;
import dev.temper.generate.BeamSearch;
import dev.temper.generate.GenerationOptions;
import dev.temper.generate.Generator;
import dev.temper.generate.LocalGenerator;
import dev.temper.generate.ScoredCompletion;
import dev.temper.generate.SpeculativeGenerator;
import dev.temper.generate.constraint.JsonSchema;
import dev.temper.generate.constraint.Regex;
import dev.temper.generate.constraint.RegexConstraint;
import dev.temper.model.CausalLm;
import dev.temper.model.DecodeWeights;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a local model searches for completions, and what form they must have. */
final class SearchOptions {
  private static final long MAX_SCHEMA_BYTES = 1 << 20;

  @Option(names = "--beams", paramLabel = "N", description = "Beam search with so many beams")
  @Nullable Integer beams;

  @Option(
      names = "--length-penalty",
      paramLabel = "X",
      description = "Exponent of the length in beam search; 1 if unset")
  @Nullable Double lengthPenalty;

  @Option(
      names = "--draft-model",
      paramLabel = "DIR",
      description = "Small model with the same tokenizer that proposes tokens; same text, faster")
  @Nullable Path draftModel;

  @Option(
      names = "--regex",
      paramLabel = "PATTERN",
      description = "Completions match this expression")
  @Nullable String regex;

  @Option(
      names = "--json-schema",
      paramLabel = "FILE",
      description = "Completions are JSON that fits this schema")
  @Nullable Path jsonSchema;

  @Option(
      names = "--decode-weights",
      defaultValue = "float32",
      converter = DecodeWeightsConverter.class,
      paramLabel = "FORMAT",
      description =
          "How weights are stored while decoding: float32, float16 (about twice as fast), int8"
              + " (faster still, changes texts)")
  DecodeWeights decodeWeights = DecodeWeights.FLOAT32;

  /**
   * A generator with what it needs, closed together.
   *
   * @param needs frees what the generator holds
   */
  record Opened(Generator generator, Runnable needs) implements AutoCloseable {
    @Override
    public void close() {
      needs.run();
    }
  }

  /** The first of these flags that was given, or null. */
  @Nullable String given() {
    return beams != null
        ? "--beams"
        : draftModel != null
            ? "--draft-model"
            : regex != null ? "--regex" : jsonSchema != null ? "--json-schema" : null;
  }

  Opened open(CausalLm model) {
    if (beams != null && draftModel != null) {
      throw new UserException("give one of --beams and --draft-model");
    }
    if (decodeWeights != DecodeWeights.FLOAT32 && (beams != null || draftModel != null)) {
      throw new UserException("--decode-weights is for decoding without --beams and --draft-model");
    }
    if (lengthPenalty != null && beams == null) {
      throw new UserException("--length-penalty needs --beams");
    }
    if (beams != null) {
      BeamOptions settings =
          BeamOptions.beams(beams).lengthPenalty(lengthPenalty == null ? 1 : lengthPenalty);
      BeamSearch search = new BeamSearch(model);
      Generator generator =
          (prompts, options, listener) ->
              search.generate(prompts, options, settings).stream()
                  .map(ScoredCompletion::completion)
                  .toList();
      return new Opened(generator, () -> {});
    }
    if (draftModel != null) {
      CausalLm draft = CausalLm.load(draftModel);
      try {
        return new Opened(new SpeculativeGenerator(model, draft), draft::close);
      } catch (RuntimeException e) {
        draft.close();
        throw e;
      }
    }
    LocalGenerator generator = new LocalGenerator(model).weights(decodeWeights);
    return new Opened(generator, generator::close);
  }

  /** Whether text appears only when it is complete. */
  boolean isSilent() {
    return beams != null;
  }

  GenerationOptions constrain(GenerationOptions options, CausalLm model) {
    if (regex != null && jsonSchema != null) {
      throw new UserException("give one of --regex and --json-schema");
    }
    if (regex == null && jsonSchema == null) {
      return options;
    }
    Regex form = regex != null ? Regex.parse(regex) : schema(Given.of(jsonSchema, "--json-schema"));
    return options.constraint(
        RegexConstraint.of(form, model.tokenizer(), options.stop().tokens()).processor());
  }

  private static Regex schema(Path file) {
    try {
      if (Files.size(file) > MAX_SCHEMA_BYTES) {
        throw new UserException(file + " has more than " + MAX_SCHEMA_BYTES + " bytes");
      }
      return JsonSchema.regex(Files.readString(file, StandardCharsets.UTF_8));
    } catch (NoSuchFileException e) {
      throw new UserException("--json-schema: there is no file " + file);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }
}
