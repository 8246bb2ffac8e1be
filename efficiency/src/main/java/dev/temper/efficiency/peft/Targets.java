package dev.temper.efficiency.peft;

import dev.temper.UserException;
import dev.temper.model.Linear;
import dev.temper.model.Model;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;

/**
 * Which linear layers of a model get an adapter. The language-model head is never among them.
 *
 * <p>Names are matched as PEFT does: a suffix equals the layer's path or its last components, a
 * regular expression must match the whole path.
 */
public sealed interface Targets {
  /** Layers whose path equals one of {@code names} or ends with "." and it; at least one name. */
  record Suffixes(List<String> names) implements Targets {
    /** Checks that there is a name and that none is blank. */
    public Suffixes {
      names = List.copyOf(names);
      requireNames("targets", names);
    }

    @Override
    public List<Linear> matching(Model model) {
      return model.linears().stream()
          .filter(l -> names.stream().anyMatch(n -> hasSuffix(l.name(), n)))
          .toList();
    }

    @Override
    public List<Linear> select(Model model) {
      for (String name : names) {
        if (model.linears().stream().noneMatch(l -> hasSuffix(l.name(), name))) {
          throw noMatch("the suffix '" + name + "'", model);
        }
      }
      return matching(model);
    }

    @Override
    public String toString() {
      return "suffixes " + names;
    }
  }

  /** Layers whose whole path matches a regular expression. */
  record Regex(String pattern) implements Targets {
    /** Checks the syntax. */
    public Regex {
      compile("targets", pattern);
    }

    @Override
    public List<Linear> matching(Model model) {
      Pattern compiled = Pattern.compile(pattern);
      return model.linears().stream().filter(l -> compiled.matcher(l.name()).matches()).toList();
    }

    @Override
    public String toString() {
      return "the regular expression '" + pattern + "' (which must match a whole path)";
    }
  }

  /** All layers of some parts of every block. */
  record Roles(Set<Role> roles) implements Targets {
    /** Checks that there is a role. */
    public Roles {
      roles = Set.copyOf(roles);
      if (roles.isEmpty()) {
        throw new UserException("targets: no role given; choose ATTENTION, MLP or both");
      }
    }

    @Override
    public List<Linear> matching(Model model) {
      return model.blocks().stream()
          .flatMap(
              b ->
                  b.linears().stream()
                      .filter(l -> roles.stream().anyMatch(r -> r.of(b).contains(l))))
          .toList();
    }
  }

  /** Every linear layer of every block. */
  record AllLinear() implements Targets {
    @Override
    public List<Linear> matching(Model model) {
      return model.linears();
    }
  }

  /**
   * What PEFT adapts when nothing is said: queries and values, as in section 7.1 of the LoRA paper,
   * or the fused projection that holds them; the model's {@link dev.temper.model.Family} says
   * which.
   */
  record ModelDefault() implements Targets {
    @Override
    public List<Linear> matching(Model model) {
      return new Suffixes(model.family().adapterTargets()).matching(model);
    }
  }

  /** The layers of {@code from} that {@code excluded} does not match. */
  record Excluding(Targets from, Targets excluded) implements Targets {
    @Override
    public List<Linear> matching(Model model) {
      List<Linear> out = excluded.matching(model);
      return from.matching(model).stream().filter(l -> !out.contains(l)).toList();
    }

    @Override
    public List<Linear> select(Model model) {
      from.select(model);
      excluded.select(model);
      return Targets.super.select(model);
    }
  }

  /** The layers chosen, in the model's order; empty if none matches. */
  List<Linear> matching(Model model);

  /**
   * The layers chosen, in the model's order.
   *
   * @throws UserException if nothing matches, or one of several suffixes matches nothing (PEFT lets
   *     that pass: a misspelt name then is never adapted); the message lists what is there
   */
  default List<Linear> select(Model model) {
    List<Linear> found = matching(model);
    if (found.isEmpty()) {
      throw noMatch(toString(), model);
    }
    return found;
  }

  /** These layers without those called {@code suffixes}. */
  default Targets excluding(String... suffixes) {
    return new Excluding(this, suffixes(suffixes));
  }

  /** These layers without those of {@code other}. */
  default Targets excluding(Targets other) {
    return new Excluding(this, other);
  }

  /**
   * Layers called so, for example {@code suffixes("q_proj", "v_proj")} or {@code
   * suffixes("layers.0.mlp.up_proj")}.
   */
  static Targets suffixes(String... names) {
    return new Suffixes(List.of(names));
  }

  /** Layers whose whole path matches, for example {@code regex(".*layers\\.[0-3]\\..*proj")}. */
  static Targets regex(String pattern) {
    return new Regex(pattern);
  }

  /** Layers of some parts of every block. */
  static Targets roles(Role... roles) {
    return new Roles(Set.copyOf(Arrays.asList(roles)));
  }

  /** Every linear layer of every block; not the head. */
  static Targets allLinear() {
    return new AllLinear();
  }

  /** PEFT's default for the model's family: queries and values. */
  static Targets modelDefault() {
    return new ModelDefault();
  }

  private static boolean hasSuffix(String path, String name) {
    return path.equals(name) || path.endsWith("." + name);
  }

  private static void requireNames(String parameter, List<String> names) {
    if (names.isEmpty() || names.stream().anyMatch(String::isBlank)) {
      throw new UserException(
          parameter
              + ": "
              + names
              + " must hold at least one name and no blank one, for example \"q_proj\"");
    }
  }

  /** A compiled expression, or an error that names the parameter. */
  static Pattern compile(String parameter, String expression) {
    try {
      return Pattern.compile(expression);
    } catch (PatternSyntaxException e) {
      throw new UserException(
          parameter + ": '" + expression + "' is not a regular expression: " + e.getDescription(),
          e);
    }
  }

  private static UserException noMatch(String what, Model model) {
    Set<String> available =
        model.linears().stream()
            .map(l -> l.name().substring(l.name().lastIndexOf('.') + 1))
            .collect(Collectors.toCollection(TreeSet::new));
    return new UserException(
        "targets: "
            + what
            + " matches no linear layer of "
            + model.source()
            + "; its linear layers end in "
            + String.join(", ", available)
            + " (full paths look like "
            + model.linears().get(0).name()
            + ")");
  }
}
