package dev.temper.efficiency.peft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.CheckpointWriter;
import dev.temper.checkpoint.Pickles;
import dev.temper.checkpoint.StoredParameters;
import dev.temper.checkpoint.TensorInfo;
import dev.temper.checkpoint.TensorSource;
import dev.temper.model.Encoder;
import dev.temper.model.Linear;
import dev.temper.model.LinearLayout;
import dev.temper.model.Model;
import dev.temper.model.SequenceClassifier;
import dev.temper.tensor.Parameter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** LoRA adapters as PEFT stores them. */
final class LoraFiles {
  /** The PEFT release whose keys are written. */
  private static final String FORMAT_VERSION = "0.21.2";

  private static final String PREFIX = "base_model.model.";

  /** Older files carry the adapter's name between the matrix and "weight". */
  private static final Pattern KEY = Pattern.compile("(.+\\.lora_[AB])\\.(?:[^.]+\\.)?weight");

  /** Keys that change what the adapter computes, in ways this class does not. */
  private static final List<String> UNSUPPORTED =
      List.of(
          "use_dora",
          "bias",
          "modules_to_save",
          "lora_bias",
          "layer_replication",
          "layers_to_transform",
          "layers_pattern",
          "trainable_token_indices",
          "target_parameters",
          "use_qalora",
          "use_bdlora",
          "alora_invocation_tokens",
          "arrow_config",
          "kasa_config",
          "velora_config",
          "monteclora_config",
          "megatron_config");

  /**
   * Ways to start that leave the base weights alone; the others (PiSSA, OLoRA, LoftQ, …) need the
   * changed base.
   */
  private static final Set<String> HARMLESS_STARTS =
      Set.of("true", "false", "gaussian", "orthogonal", "eva", "null", "");

  private LoraFiles() {}

  static String keyOfA(Linear linear) {
    return PREFIX + linear.name() + ".lora_A.weight";
  }

  static String keyOfB(Linear linear) {
    return PREFIX + linear.name() + ".lora_B.weight";
  }

  static LinearAdapter read(Model model, Path directory, ObjectNode config) {
    Lora lora = settings(config, directory.resolve(PeftConfig.FILE));
    Checkpoint weights = open(directory);
    Map<String, String> names = canonicalNames(weights);
    List<Linear> linears = lora.targets().matching(model);
    requireSameKeys(weights, names.keySet(), linears, model);
    List<LoraLayer> layers = new ArrayList<>();
    List<Parameter> read = new ArrayList<>();
    boolean complete = false;
    try {
      for (Linear linear : linears) {
        int r = lora.rankAt(linear.name());
        Parameter a = parameter(weights, names, keyOfA(linear), r, linear.inputs());
        read.add(a);
        Parameter b = parameter(weights, names, keyOfB(linear), linear.outputs(), r);
        read.add(b);
        layers.add(lora.layer(linear, a, b));
      }
      complete = true;
    } finally {
      if (!complete) {
        read.forEach(Parameter::close);
      }
    }
    return lora.attach(model, layers);
  }

  private static Lora settings(ObjectNode config, Path file) {
    PeftConfig.rejectUnsupported(config, file, UNSUPPORTED);
    String start = config.path("init_lora_weights").asText("");
    if (!HARMLESS_STARTS.contains(start)) {
      throw new UserException(
          file
              + ": init_lora_weights = \""
              + start
              + "\" is not supported: such an adapter belongs to changed base weights; convert it to"
              + " plain LoRA when saving (PEFT: path_initial_model_for_weight_conversion)");
    }
    Targets targets =
        PeftConfig.targets(config, file, "target_modules")
            .orElseThrow(() -> new UserException(file + ": target_modules is missing"));
    Optional<Targets> excluded = PeftConfig.targets(config, file, "exclude_modules");
    Map<String, Integer> ranks = new LinkedHashMap<>();
    config
        .path("rank_pattern")
        .properties()
        .forEach(
            e -> ranks.put(e.getKey(), PeftConfig.positive(e.getValue(), file, "rank_pattern")));
    Map<String, Double> alphas = new LinkedHashMap<>();
    config
        .path("alpha_pattern")
        .properties()
        .forEach(
            e -> alphas.put(e.getKey(), PeftConfig.number(e.getValue(), file, "alpha_pattern")));
    int rank = config.has("r") ? PeftConfig.positive(config.get("r"), file, "r") : 8;
    double alpha =
        config.has("lora_alpha")
            ? PeftConfig.number(config.get("lora_alpha"), file, "lora_alpha")
            : 8;
    double dropout =
        config.has("lora_dropout")
            ? PeftConfig.number(config.get("lora_dropout"), file, "lora_dropout")
            : 0;
    LoraScaling scaling =
        PeftConfig.flag(config, file, "use_rslora")
            ? LoraScaling.RANK_STABILIZED
            : LoraScaling.STANDARD;
    try {
      return new Lora(
          rank,
          alpha,
          dropout,
          scaling,
          ranks,
          alphas,
          excluded.isPresent() ? targets.excluding(excluded.get()) : targets,
          0);
    } catch (UserException e) {
      throw new UserException(file + ": " + e.getMessage(), e);
    }
  }

  private static Checkpoint open(Path directory) {
    Path file = directory.resolve(PeftConfig.WEIGHTS);
    if (!Files.isRegularFile(file)) {
      throw new UserException(
          file
              + ": missing"
              + Pickles.weights(directory)
                  .map(p -> "; " + Pickles.refusal(p, PeftConfig.WEIGHTS))
                  .orElse(""));
    }
    return Checkpoint.open(file);
  }

  /** Canonical key to the name in the file. */
  private static Map<String, String> canonicalNames(Checkpoint weights) {
    Map<String, String> out = new TreeMap<>();
    for (String name : weights.names()) {
      Matcher m = KEY.matcher(name);
      String canonical = m.matches() ? m.group(1) + ".weight" : name;
      String other = out.put(canonical, name);
      if (other != null) {
        throw new UserException(
            weights.source()
                + ": holds several adapters ('"
                + other
                + "' and '"
                + name
                + "'); save them one by one");
      }
    }
    return out;
  }

  private static void requireSameKeys(
      Checkpoint weights, Set<String> present, List<Linear> linears, Model model) {
    Set<String> wanted = new LinkedHashSet<>();
    for (Linear l : linears) {
      wanted.add(keyOfA(l));
      wanted.add(keyOfB(l));
    }
    for (String key : present) {
      if (!wanted.contains(key)) {
        throw new UserException(
            weights.source()
                + ": tensor '"
                + key
                + "' belongs to no targeted linear layer of "
                + model.source()
                + " (made for another base model, or for a part that cannot be adapted here?)");
      }
    }
    for (String key : wanted) {
      if (!present.contains(key)) {
        throw new UserException(
            weights.source()
                + ": tensor '"
                + key
                + "' is missing, though target_modules covers its layer");
      }
    }
    if (linears.isEmpty()) {
      throw new UserException(
          weights.source() + ": target_modules matches no linear layer of " + model.source());
    }
  }

  private static Parameter parameter(
      Checkpoint weights, Map<String, String> names, String key, long rows, long columns) {
    String name = names.getOrDefault(key, key);
    TensorInfo info = weights.info(name);
    long[] shape = {rows, columns};
    if (!Arrays.equals(info.dims(), shape)) {
      throw new UserException(
          weights.source()
              + ": tensor '"
              + name
              + "' has shape "
              + info.shape()
              + "; the base model and the rank ask for "
              + Arrays.toString(shape)
              + " (another base model, or a wrong r or rank_pattern?)");
    }
    return StoredParameters.load(weights.source(name).named(key));
  }

  static void write(Path directory, Lora lora, List<LoraLayer> layers, Model model) {
    List<TensorSource> tensors =
        layers.stream()
            .flatMap(layer -> layer.parameters().stream())
            .map(StoredParameters::source)
            .toList();
    AtomicFiles.replaceDirectory(
        directory,
        PeftConfig.WEIGHTS::equals,
        staged -> {
          CheckpointWriter.writeFile(staged.resolve(PeftConfig.WEIGHTS), tensors);
          AtomicFiles.write(
              staged.resolve(PeftConfig.FILE), config(lora, layers, model).toPrettyString() + "\n");
        });
  }

  /**
   * What PEFT wraps the model in. It would look for the head of a classifier in the adapter's file
   * if it were told of one; here the head stays in the model.
   */
  private static JsonNode taskType(Model model) {
    JsonNodeFactory json = JsonNodeFactory.instance;
    if (model instanceof SequenceClassifier) {
      return json.nullNode();
    }
    return json.textNode(model instanceof Encoder ? "FEATURE_EXTRACTION" : "CAUSAL_LM");
  }

  /**
   * Every key PEFT writes, sorted as it sorts them. Patterns keep their order, which decides
   * between several that match.
   */
  private static ObjectNode config(Lora lora, List<LoraLayer> layers, Model model) {
    Map<String, JsonNode> out = new TreeMap<>();
    JsonNodeFactory json = JsonNodeFactory.instance;
    for (String key :
        List.of(
            "alora_invocation_tokens",
            "arrow_config",
            "auto_mapping",
            "corda_config",
            "eva_config",
            "exclude_modules",
            "kasa_config",
            "layer_replication",
            "layers_pattern",
            "layers_to_transform",
            "lora_ga_config",
            "megatron_config",
            "modules_to_save",
            "monteclora_config",
            "revision",
            "target_parameters",
            "trainable_token_indices",
            "use_bdlora",
            "velora_config")) {
      out.put(key, json.nullNode());
    }
    for (String key : List.of("ensure_weight_tying", "lora_bias", "use_dora", "use_qalora")) {
      out.put(key, json.booleanNode(false));
    }
    out.put(
        "fan_in_fan_out",
        json.booleanNode(
            layers.stream().anyMatch(l -> l.linear().layout() == LinearLayout.IN_OUT)));
    out.put("base_model_name_or_path", json.textNode(model.source().toString()));
    out.put("bias", json.textNode("none"));
    out.put("inference_mode", json.booleanNode(true));
    out.put("init_lora_weights", json.booleanNode(true));
    out.put("loftq_config", json.objectNode());
    out.put("megatron_core", json.textNode("megatron.core"));
    out.put("peft_type", json.textNode("LORA"));
    out.put("peft_version", json.textNode(FORMAT_VERSION));
    out.put("qalora_group_size", json.numberNode(16));
    out.put("task_type", taskType(model));
    out.put("r", json.numberNode(lora.rank()));
    out.put("lora_alpha", PeftConfig.number(lora.alpha()));
    out.put("lora_dropout", json.numberNode(lora.dropout()));
    out.put("use_rslora", json.booleanNode(lora.scaling() == LoraScaling.RANK_STABILIZED));
    ObjectNode ranks = json.objectNode();
    lora.rankPattern().forEach(ranks::put);
    out.put("rank_pattern", ranks);
    ObjectNode alphas = json.objectNode();
    lora.alphaPattern().forEach((key, alpha) -> alphas.set(key, PeftConfig.number(alpha)));
    out.put("alpha_pattern", alphas);
    out.put(
        "target_modules",
        PeftConfig.json(lora.targets(), model)
            .orElseGet(
                () -> PeftConfig.list(layers.stream().map(l -> l.linear().name()).toList())));
    if (lora.targets() instanceof Targets.Excluding e
        && PeftConfig.json(e.from(), model).isPresent()
        && PeftConfig.json(e.excluded(), model).isPresent()) {
      out.put("target_modules", PeftConfig.json(e.from(), model).orElseThrow());
      out.put("exclude_modules", PeftConfig.json(e.excluded(), model).orElseThrow());
    }
    ObjectNode config = json.objectNode();
    out.forEach(config::set);
    return config;
  }
}
