package dev.temper.train;

import dev.temper.UserException;
import dev.temper.tensor.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Different optimizer settings for different parameters: another learning rate, another weight
 * decay, or another optimizer altogether.
 *
 * <pre>{@code
 * ParameterGroups.of(AdamW.learningRate(2e-4))
 *     .named(".*lora_B.*", AdamW.learningRate(3.2e-3))             // LoRA+
 *     .named("model[.]embed_tokens[.]weight", Sgd.learningRate(1e-3))
 * }</pre>
 *
 * <p>A parameter belongs to the first group that selects it, and to the base if none does. The
 * schedule multiplies the learning rates of all groups; the logged {@code learning_rate} is the
 * base's.
 *
 * @param base settings of the parameters no group selects
 * @param groups tried in order
 */
public record ParameterGroups(Optimizer.Settings base, List<Group> groups)
    implements Optimizer.Settings {
  /**
   * One group.
   *
   * @param description says in messages which parameters are meant
   * @param selects which parameters belong to it
   */
  public record Group(
      String description, Predicate<Parameter> selects, Optimizer.Settings settings) {}

  /** Copies. */
  public ParameterGroups {
    groups = List.copyOf(groups);
  }

  /** No groups yet: every parameter is the base's. */
  public static ParameterGroups of(Optimizer.Settings base) {
    return new ParameterGroups(base, List.of());
  }

  /**
   * With a group of the parameters whose whole name matches.
   *
   * @param regex a regular expression
   * @throws java.util.regex.PatternSyntaxException if it is none
   */
  public ParameterGroups named(String regex, Optimizer.Settings settings) {
    Pattern pattern = Pattern.compile(regex);
    return with(new Group(regex, p -> pattern.matcher(p.name()).matches(), settings));
  }

  /** With one more group, tried after those before it. */
  public ParameterGroups with(Group group) {
    List<Group> more = new ArrayList<>(groups);
    more.add(group);
    return new ParameterGroups(base, more);
  }

  @Override
  public double learningRate() {
    return base.learningRate();
  }

  /**
   * {@inheritDoc}
   *
   * @throws UserException if a group is left without a parameter
   */
  @Override
  public Optimizer create(List<Parameter> parameters) {
    List<List<Parameter>> members = new ArrayList<>();
    for (int g = 0; g <= groups.size(); g++) {
      members.add(new ArrayList<>());
    }
    for (Parameter p : parameters) {
      members.get(groupOf(p)).add(p);
    }
    for (int g = 0; g < groups.size(); g++) {
      if (members.get(g).isEmpty()) {
        throw new UserException(
            "parameter group '"
                + groups.get(g).description()
                + "' selects none of the "
                + parameters.size()
                + " trained parameters that an earlier group has not taken; their names are such as "
                + parameters.stream().limit(3).map(Parameter::name).toList());
      }
    }
    List<Part> parts = new ArrayList<>();
    for (int g = 0; g < members.size(); g++) {
      if (!members.get(g).isEmpty()) {
        Optimizer.Settings settings = g < groups.size() ? groups.get(g).settings() : base;
        parts.add(
            new Part(
                settings.create(members.get(g)), settings.learningRate() / base.learningRate()));
      }
    }
    return new Running(parts);
  }

  private int groupOf(Parameter parameter) {
    int g = 0;
    while (g < groups.size() && !groups.get(g).selects().test(parameter)) {
      g++;
    }
    return g;
  }

  /** An optimizer and its learning rate as a multiple of the base's. */
  private record Part(Optimizer optimizer, double ratio) {}

  private record Running(List<Part> parts) implements Optimizer {
    @Override
    public void step(double learningRate) {
      parts.forEach(p -> p.optimizer().step(learningRate * p.ratio()));
    }

    @Override
    public List<Parameter> state() {
      return parts.stream().flatMap(p -> p.optimizer().state().stream()).toList();
    }

    @Override
    public long steps() {
      return parts.get(0).optimizer().steps();
    }

    @Override
    public void resume(long steps) {
      parts.forEach(p -> p.optimizer().resume(steps));
    }

    @Override
    public void close() {
      parts.forEach(p -> p.optimizer().close());
    }
  }
}
