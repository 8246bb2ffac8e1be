package dev.temper.text.jinja;

import dev.temper.text.jinja.Expr.ArithmeticOp;
import dev.temper.text.jinja.Expr.CompareOp;
import dev.temper.text.jinja.JinjaException.Kind;
import dev.temper.text.jinja.Stmt.Signal;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Recursive descent over the tokens of a template, with Jinja2's precedence, weakest first: {@code
 * if else}, {@code or}, {@code and}, {@code not}, comparisons, {@code + -}, {@code ~}, {@code * /
 * // %}, {@code **}, unary {@code + -}, postfix, filters and tests.
 */
final class Parser {
  private static final int MAX_NESTING = 150;
  private static final Map<String, CompareOp> COMPARISONS =
      Map.of(
          "==",
          CompareOp.EQ,
          "!=",
          CompareOp.NE,
          "<",
          CompareOp.LT,
          "<=",
          CompareOp.LE,
          ">",
          CompareOp.GT,
          ">=",
          CompareOp.GE);

  private final List<Token> tokens;
  private final Deque<String> openTags = new ArrayDeque<>();
  private final Deque<List<String>> endTags = new ArrayDeque<>();
  private final Deque<Set<String>> macroNames = new ArrayDeque<>();
  private int next;
  private int nesting;
  private int loops;
  private boolean hasGeneration;

  /**
   * Inside a branch an unknown filter or test only fails when the branch runs; elsewhere at once.
   */
  private boolean inBranch;

  private Parser(List<Token> tokens) {
    this.tokens = tokens;
  }

  /**
   * A parsed template.
   *
   * @param hasGeneration whether it holds a {@code generation} block
   */
  record Parsed(List<Stmt> statements, boolean hasGeneration) {}

  static Parsed parse(String template) {
    Parser parser = new Parser(Lexer.tokenize(template));
    List<Stmt> statements = parser.statements(List.of());
    return new Parsed(statements, parser.hasGeneration);
  }

  // --- statements ---

  private List<Stmt> body(String... ends) {
    if (current().isOperator(":")) {
      next++;
    }
    expect(Token.Kind.BLOCK_END);
    List<String> wanted = List.of(ends);
    List<Stmt> result = statements(wanted);
    if (current().kind() == Token.Kind.EOF) {
      throw unknownTag(null);
    }
    endTags.pop();
    return result;
  }

  private List<Stmt> bodyTo(String end) {
    List<Stmt> result = body(end);
    next++;
    return result;
  }

  private List<Stmt> statements(List<String> ends) {
    enter();
    if (!ends.isEmpty()) {
      endTags.push(ends);
    }
    List<Stmt> result = new ArrayList<>();
    while (true) {
      Token token = current();
      switch (token.kind()) {
        case DATA -> {
          result.add(new Stmt.Text(token.text(), token.line()));
          next++;
        }
        case VARIABLE_BEGIN -> {
          next++;
          result.add(new Stmt.Print(tuple(true, false), token.line()));
          expect(Token.Kind.VARIABLE_END);
        }
        case BLOCK_BEGIN -> {
          next++;
          if (current().kind() == Token.Kind.NAME && ends.contains(current().text())) {
            nesting--;
            return List.copyOf(result);
          }
          statement(result);
          expect(Token.Kind.BLOCK_END);
        }
        default -> {
          nesting--;
          return List.copyOf(result);
        }
      }
    }
  }

  private void statement(List<Stmt> result) {
    Token tag = current();
    if (tag.kind() != Token.Kind.NAME) {
      throw error("tag name expected");
    }
    int line = tag.line();
    openTags.push(tag.text());
    next++;
    switch (tag.text()) {
      case "for" -> result.add(forLoop(line));
      case "if" -> result.add(ifElse(line));
      case "set" -> result.add(set(line));
      case "with" -> result.add(with(line));
      case "macro" -> result.add(new Stmt.DefineMacro(macro(), line));
      case "call" -> result.add(callBlock(line));
      case "filter" -> {
        Expr.Filter filter = filterChain(null, true);
        result.add(new Stmt.FilterBlock(filter, scoped("endfilter"), line));
      }
      case "generation" -> {
        hasGeneration = true;
        int outerLoops = loops;
        loops = 0;
        result.add(new Stmt.Generation(scoped("endgeneration"), line));
        loops = outerLoops;
      }
      case "print" -> {
        while (current().kind() != Token.Kind.BLOCK_END) {
          result.add(new Stmt.Print(expression(), line));
          if (current().kind() != Token.Kind.BLOCK_END) {
            expectOperator(",");
          }
        }
      }
      case "break" -> result.add(loopControl(Signal.BREAK, line));
      case "continue" -> result.add(loopControl(Signal.CONTINUE, line));
      case "block" -> result.add(block(line));
      case "extends" -> result.add(new Stmt.LoadTemplate(expression(), line));
      case "include" -> {
        Expr template = expression();
        if (current().isName("ignore") && tokens.get(next + 1).isName("missing")) {
          next += 2;
        }
        importContext();
        result.add(new Stmt.LoadTemplate(template, line));
      }
      case "import" -> {
        Expr template = expression();
        expectName("as");
        name();
        importContext();
        result.add(new Stmt.LoadTemplate(template, line));
      }
      case "from" -> result.add(fromImport(line));
      default -> {
        openTags.pop();
        throw unknownTag(tag);
      }
    }
    openTags.pop();
  }

  private Stmt loopControl(Signal signal, int line) {
    if (loops == 0) {
      throw new JinjaException(
          Kind.SYNTAX,
          line,
          "'" + (signal == Signal.BREAK ? "break" : "continue") + "' outside a loop");
    }
    return new Stmt.LoopControl(signal, line);
  }

  /** A body with a scope of its own, which ends the leniency of the branch around it. */
  private List<Stmt> scoped(String end) {
    boolean outer = inBranch;
    inBranch = false;
    List<Stmt> result = bodyTo(end);
    inBranch = outer;
    return result;
  }

  private Stmt forLoop(int line) {
    Expr target = target(false);
    expectName("in");
    Expr iterable = tuple(false, false);
    Expr filter = null;
    if (skipName("if")) {
      filter = expression();
    }
    boolean recursive = skipName("recursive");
    boolean outer = inBranch;
    inBranch = false;
    loops++;
    List<Stmt> body = body("endfor", "else");
    loops--;
    List<Stmt> otherwise = List.of();
    boolean hasElse = current().isName("else");
    next++;
    if (hasElse) {
      otherwise = bodyTo("endfor");
    }
    inBranch = outer;
    return new Stmt.For(target, iterable, filter, recursive, body, otherwise, line);
  }

  private Stmt ifElse(int line) {
    boolean outer = inBranch;
    inBranch = true;
    List<Stmt.Branch> branches = new ArrayList<>();
    List<Stmt> otherwise = List.of();
    while (true) {
      Expr test = tuple(false, false);
      branches.add(new Stmt.Branch(test, body("elif", "else", "endif")));
      Token end = current();
      next++;
      if (end.isName("elif")) {
        continue;
      }
      if (end.isName("else")) {
        otherwise = bodyTo("endif");
      }
      break;
    }
    inBranch = outer;
    return new Stmt.If(List.copyOf(branches), otherwise, line);
  }

  private Stmt set(int line) {
    Expr target = target(true);
    if (skipOperator("=")) {
      return new Stmt.Set(target, tuple(true, false), line);
    }
    Expr.Filter filter = current().isOperator("|") ? filterChain(null, false) : null;
    return new Stmt.SetBlock(target, filter, scoped("endset"), line);
  }

  private Stmt with(int line) {
    List<Expr> targets = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    while (current().kind() != Token.Kind.BLOCK_END) {
      if (!targets.isEmpty()) {
        expectOperator(",");
      }
      targets.add(target(false));
      expectOperator("=");
      values.add(expression());
    }
    return new Stmt.With(List.copyOf(targets), List.copyOf(values), scoped("endwith"), line);
  }

  private Stmt.MacroBody macro() {
    String name = name();
    return macroBody(name, true, "endmacro");
  }

  private Stmt.MacroBody macroBody(String name, boolean signature, String end) {
    Set<String> names = new HashSet<>();
    macroNames.push(names);
    List<String> parameters = new ArrayList<>();
    List<Expr> defaults = new ArrayList<>();
    if (signature) {
      signature(parameters, defaults);
    }
    return finishMacro(name, parameters, defaults, names, end);
  }

  private void signature(List<String> parameters, List<Expr> defaults) {
    expectOperator("(");
    while (!current().isOperator(")")) {
      if (!parameters.isEmpty()) {
        expectOperator(",");
      }
      parameters.add(name());
      if (skipOperator("=")) {
        defaults.add(expression());
      } else if (!defaults.isEmpty()) {
        throw error("non-default argument follows default argument");
      }
    }
    next++;
  }

  private Stmt.MacroBody finishMacro(
      String name, List<String> parameters, List<Expr> defaults, Set<String> names, String end) {
    int outerLoops = loops;
    loops = 0;
    List<Stmt> body = scoped(end);
    loops = outerLoops;
    macroNames.pop();
    macroNames.forEach(outer -> outer.addAll(names));
    parameters.forEach(names::remove);
    return new Stmt.MacroBody(
        name,
        List.copyOf(parameters),
        List.copyOf(defaults),
        body,
        names.contains("caller"),
        names.contains("varargs"),
        names.contains("kwargs"));
  }

  private Stmt callBlock(int line) {
    List<String> parameters = new ArrayList<>();
    List<Expr> defaults = new ArrayList<>();
    if (current().isOperator("(")) {
      signature(parameters, defaults);
    }
    if (!(expression() instanceof Expr.Call call)) {
      throw error("expected call");
    }
    Set<String> names = new HashSet<>();
    macroNames.push(names);
    return new Stmt.CallBlock(
        call, finishMacro("caller", parameters, defaults, names, "endcall"), line);
  }

  private Stmt block(int line) {
    String name = name();
    boolean isScoped = skipName("scoped");
    skipName("required");
    int outerLoops = loops;
    loops = 0;
    List<Stmt> body = scoped("endblock");
    loops = outerLoops;
    skipName(name);
    return new Stmt.Block(name, isScoped, body, line);
  }

  private Stmt fromImport(int line) {
    Expr template = expression();
    expectName("import");
    while (true) {
      if (importContext()) {
        break;
      }
      name();
      if (skipName("as")) {
        name();
      }
      if (importContext() || !skipOperator(",")) {
        break;
      }
    }
    return new Stmt.LoadTemplate(template, line);
  }

  private boolean importContext() {
    if ((current().isName("with") || current().isName("without"))
        && tokens.get(next + 1).isName("context")) {
      next += 2;
      return true;
    }
    return false;
  }

  // --- targets of assignments ---

  private Expr target(boolean namespaces) {
    int line = current().line();
    Expr target = tuple(() -> primary(namespaces), false);
    String wrong = notAssignable(target);
    if (wrong != null) {
      throw new JinjaException(Kind.SYNTAX, line, "can't assign to '" + wrong + "'");
    }
    return target;
  }

  private static @Nullable String notAssignable(Expr target) {
    if (target instanceof Expr.Name || target instanceof Expr.NamespaceTarget) {
      return null;
    }
    if (target instanceof Expr.TupleLiteral tuple) {
      return tuple.items().stream().anyMatch(item -> notAssignable(item) != null) ? "tuple" : null;
    }
    return target instanceof Expr.Const
        ? "const"
        : target
            .getClass()
            .getSimpleName()
            .replace("Literal", "")
            .toLowerCase(java.util.Locale.ROOT);
  }

  // --- expressions ---

  private Expr tuple(boolean conditional, boolean parentheses) {
    return tuple(conditional ? this::expression : this::or, parentheses);
  }

  private Expr tuple(Supplier<Expr> item, boolean parentheses) {
    List<Expr> items = new ArrayList<>();
    boolean isTuple = false;
    while (true) {
      if (!items.isEmpty()) {
        expectOperator(",");
      }
      if (isTupleEnd()) {
        break;
      }
      items.add(item.get());
      if (!current().isOperator(",")) {
        break;
      }
      isTuple = true;
    }
    if (!isTuple) {
      if (!items.isEmpty()) {
        return items.get(0);
      }
      if (!parentheses) {
        throw error("Expected an expression, got '" + current().describe() + "'");
      }
    }
    return new Expr.TupleLiteral(List.copyOf(items));
  }

  private boolean isTupleEnd() {
    Token token = current();
    return token.kind() == Token.Kind.VARIABLE_END
        || token.kind() == Token.Kind.BLOCK_END
        || token.isOperator(")");
  }

  private Expr expression() {
    enter();
    Expr result = or();
    while (current().isName("if")) {
      int line = current().line();
      next++;
      boolean outer = inBranch;
      inBranch = true;
      Expr test = or();
      Expr otherwise = skipName("else") ? expression() : null;
      inBranch = outer;
      result = new Expr.Conditional(test, result, otherwise, line);
    }
    nesting--;
    return result;
  }

  private Expr or() {
    Expr left = and();
    while (skipName("or")) {
      left = new Expr.Or(left, and());
    }
    return left;
  }

  private Expr and() {
    Expr left = not();
    while (skipName("and")) {
      left = new Expr.And(left, not());
    }
    return left;
  }

  private Expr not() {
    if (skipName("not")) {
      enter();
      Expr operand = not();
      nesting--;
      return new Expr.Not(operand);
    }
    return comparison();
  }

  private Expr comparison() {
    Expr first = sum();
    List<Expr.Comparison> rest = new ArrayList<>();
    while (true) {
      Token token = current();
      CompareOp op = token.kind() == Token.Kind.OPERATOR ? COMPARISONS.get(token.text()) : null;
      if (op != null) {
        next++;
      } else if (skipName("in")) {
        op = CompareOp.IN;
      } else if (token.isName("not") && tokens.get(next + 1).isName("in")) {
        next += 2;
        op = CompareOp.NOT_IN;
      } else {
        break;
      }
      rest.add(new Expr.Comparison(op, sum()));
    }
    return rest.isEmpty() ? first : new Expr.Compare(first, List.copyOf(rest));
  }

  private Expr sum() {
    Expr left = concat();
    while (true) {
      if (skipOperator("+")) {
        left = new Expr.Arithmetic(ArithmeticOp.ADD, left, concat());
      } else if (skipOperator("-")) {
        left = new Expr.Arithmetic(ArithmeticOp.SUBTRACT, left, concat());
      } else {
        return left;
      }
    }
  }

  private Expr concat() {
    Expr first = product();
    if (!current().isOperator("~")) {
      return first;
    }
    List<Expr> parts = new ArrayList<>(List.of(first));
    while (skipOperator("~")) {
      parts.add(product());
    }
    return new Expr.Concat(List.copyOf(parts));
  }

  private Expr product() {
    Expr left = power();
    while (true) {
      ArithmeticOp op = productOp();
      if (op == null) {
        return left;
      }
      next++;
      left = new Expr.Arithmetic(op, left, power());
    }
  }

  private @Nullable ArithmeticOp productOp() {
    if (current().kind() != Token.Kind.OPERATOR) {
      return null;
    }
    return switch (current().text()) {
      case "*" -> ArithmeticOp.MULTIPLY;
      case "/" -> ArithmeticOp.DIVIDE;
      case "//" -> ArithmeticOp.FLOOR_DIVIDE;
      case "%" -> ArithmeticOp.MODULO;
      default -> null;
    };
  }

  private Expr power() {
    Expr left = unary(true);
    while (skipOperator("**")) {
      left = new Expr.Arithmetic(ArithmeticOp.POWER, left, unary(true));
    }
    return left;
  }

  private Expr unary(boolean withFilters) {
    enter();
    Expr result;
    if (skipOperator("-")) {
      result = new Expr.Negate(unary(false));
    } else if (skipOperator("+")) {
      result = new Expr.Plus(unary(false));
    } else {
      result = primary(false);
    }
    result = postfix(result);
    if (withFilters) {
      result = filters(result);
    }
    nesting--;
    return result;
  }

  private Expr primary(boolean namespaces) {
    Token token = current();
    switch (token.kind()) {
      case NAME -> {
        next++;
        return switch (token.text()) {
          case "true", "True" -> new Expr.Const(true);
          case "false", "False" -> new Expr.Const(false);
          case "none", "None" -> new Expr.Const(None.NONE);
          default -> {
            if (namespaces && skipOperator(".")) {
              yield new Expr.NamespaceTarget(token.text(), name());
            }
            macroNames.forEach(names -> names.add(token.text()));
            yield new Expr.Name(token.text());
          }
        };
      }
      case STRING -> {
        StringBuilder text = new StringBuilder();
        for (; current().kind() == Token.Kind.STRING; next++) {
          text.append(current().text());
        }
        return new Expr.Const(text.toString());
      }
      case INTEGER -> {
        next++;
        return new Expr.Const(Numbers.parseLiteral(token.text()));
      }
      case FLOAT -> {
        next++;
        return new Expr.Const(Double.valueOf(token.text()));
      }
      case OPERATOR -> {
        switch (token.text()) {
          case "(" -> {
            next++;
            enter();
            Expr result = tuple(true, true);
            nesting--;
            expectOperator(")");
            return result;
          }
          case "[" -> {
            return list();
          }
          case "{" -> {
            return dict();
          }
          default -> {}
        }
      }
      default -> {}
    }
    throw error("unexpected '" + token.describe() + "'");
  }

  private Expr list() {
    next++;
    List<Expr> items = new ArrayList<>();
    while (!current().isOperator("]")) {
      if (!items.isEmpty()) {
        expectOperator(",");
      }
      if (current().isOperator("]")) {
        break;
      }
      items.add(expression());
    }
    next++;
    return new Expr.ListLiteral(List.copyOf(items));
  }

  private Expr dict() {
    next++;
    List<Expr.Pair> items = new ArrayList<>();
    while (!current().isOperator("}")) {
      if (!items.isEmpty()) {
        expectOperator(",");
      }
      if (current().isOperator("}")) {
        break;
      }
      Expr key = expression();
      expectOperator(":");
      items.add(new Expr.Pair(key, expression()));
    }
    next++;
    return new Expr.DictLiteral(List.copyOf(items));
  }

  private Expr postfix(Expr start) {
    Expr result = start;
    while (true) {
      if (skipOperator(".")) {
        Token attribute = current();
        next++;
        if (attribute.kind() == Token.Kind.NAME) {
          result = new Expr.Attribute(result, attribute.text());
        } else if (attribute.kind() == Token.Kind.INTEGER) {
          result = new Expr.Subscript(result, new Expr.Const(new BigInteger(attribute.text())));
        } else {
          next--;
          throw error("expected name or number");
        }
      } else if (skipOperator("[")) {
        result = new Expr.Subscript(result, subscripts());
      } else if (current().isOperator("(")) {
        result = new Expr.Call(result, arguments());
      } else {
        return result;
      }
    }
  }

  private Expr subscripts() {
    List<Expr> indexes = new ArrayList<>();
    while (!current().isOperator("]")) {
      if (!indexes.isEmpty()) {
        expectOperator(",");
      }
      indexes.add(subscript());
    }
    next++;
    return indexes.size() == 1 ? indexes.get(0) : new Expr.TupleLiteral(List.copyOf(indexes));
  }

  private Expr subscript() {
    Expr start = null;
    if (!current().isOperator(":")) {
      start = expression();
      if (!current().isOperator(":")) {
        return start;
      }
    }
    next++;
    Expr stop = sliceEnd() ? null : expression();
    Expr step = skipOperator(":") && !sliceEnd() ? expression() : null;
    return new Expr.Slice(start, stop, step);
  }

  private boolean sliceEnd() {
    return current().isOperator(":") || current().isOperator("]") || current().isOperator(",");
  }

  private Expr filters(Expr start) {
    Expr result = start;
    while (true) {
      if (current().isOperator("|")) {
        result = filterChain(result, false);
      } else if (current().isName("is")) {
        result = test(result);
      } else if (current().isOperator("(")) {
        result = new Expr.Call(result, arguments());
      } else {
        return result;
      }
    }
  }

  private Expr.Filter filterChain(@Nullable Expr input, boolean startsInline) {
    Expr result = input;
    Expr.Filter last = null;
    while (last == null || current().isOperator("|")) {
      if (last != null || !startsInline) {
        expectOperator("|");
      }
      String name = dottedName();
      if (!inBranch && !Filters.exists(name)) {
        throw error("No filter named " + Repr.quote(name) + ".");
      }
      Expr.Arguments arguments = current().isOperator("(") ? arguments() : Expr.Arguments.NONE;
      last = new Expr.Filter(result, name, arguments);
      result = last;
    }
    return last;
  }

  private Expr test(Expr input) {
    next++;
    boolean negated = skipName("not");
    String name = dottedName();
    if (!inBranch && !Tests.exists(name)) {
      throw error("No test named " + Repr.quote(name) + ".");
    }
    Expr.Arguments arguments = Expr.Arguments.NONE;
    Token token = current();
    if (token.isOperator("(")) {
      arguments = arguments();
    } else if (startsTestArgument(token)) {
      if (token.isName("is")) {
        throw error("You cannot chain multiple tests with is");
      }
      arguments = new Expr.Arguments(List.of(postfix(primary(false))), List.of(), null, null);
    }
    Expr result = new Expr.Test(input, name, arguments);
    return negated ? new Expr.Not(result) : result;
  }

  private static boolean startsTestArgument(Token token) {
    return switch (token.kind()) {
      case NAME -> !token.isName("else") && !token.isName("or") && !token.isName("and");
      case STRING, INTEGER, FLOAT -> true;
      case OPERATOR -> token.isOperator("[") || token.isOperator("{");
      default -> false;
    };
  }

  private String dottedName() {
    StringBuilder name = new StringBuilder(name());
    while (skipOperator(".")) {
      name.append('.').append(name());
    }
    return name.toString();
  }

  private Expr.Arguments arguments() {
    int line = current().line();
    next++;
    List<Expr> positional = new ArrayList<>();
    List<Expr.Keyword> keywords = new ArrayList<>();
    Expr star = null;
    Expr doubleStar = null;
    boolean first = true;
    while (!current().isOperator(")")) {
      if (!first) {
        expectOperator(",");
        if (current().isOperator(")")) {
          break;
        }
      }
      first = false;
      boolean valid;
      if (skipOperator("*")) {
        valid = star == null && doubleStar == null;
        star = expression();
      } else if (skipOperator("**")) {
        valid = doubleStar == null;
        doubleStar = expression();
      } else if (current().kind() == Token.Kind.NAME && tokens.get(next + 1).isOperator("=")) {
        valid = doubleStar == null;
        String name = current().text();
        next += 2;
        if (keywords.stream().anyMatch(k -> k.name().equals(name))) {
          throw error("keyword argument repeated: " + name);
        }
        keywords.add(new Expr.Keyword(name, expression()));
      } else {
        valid = star == null && doubleStar == null && keywords.isEmpty();
        positional.add(expression());
      }
      if (!valid) {
        throw new JinjaException(Kind.SYNTAX, line, "invalid syntax for function call expression");
      }
    }
    next++;
    return new Expr.Arguments(List.copyOf(positional), List.copyOf(keywords), star, doubleStar);
  }

  // --- tokens ---

  private Token current() {
    return tokens.get(Math.min(next, tokens.size() - 1));
  }

  private boolean skipName(String name) {
    if (current().isName(name)) {
      next++;
      return true;
    }
    return false;
  }

  private boolean skipOperator(String operator) {
    if (current().isOperator(operator)) {
      next++;
      return true;
    }
    return false;
  }

  private String name() {
    Token token = current();
    if (token.kind() != Token.Kind.NAME) {
      throw expected("token 'name'", "name");
    }
    next++;
    return token.text();
  }

  private void expect(Token.Kind kind) {
    if (current().kind() != kind) {
      String wanted = new Token(kind, "", 0).describe();
      throw expected("token '" + wanted + "'", wanted);
    }
    next++;
  }

  private void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw expected("token '" + operator + "'", operator);
    }
  }

  private void expectName(String name) {
    if (!skipName(name)) {
      throw expected("token '" + name + "'", name);
    }
  }

  private JinjaException expected(String what, String plain) {
    return current().kind() == Token.Kind.EOF
        ? error("unexpected end of template, expected '" + plain + "'.")
        : error("expected " + what + ", got '" + current().describe() + "'");
  }

  private JinjaException unknownTag(@Nullable Token tag) {
    StringBuilder message =
        new StringBuilder(
            tag == null
                ? "Unexpected end of template."
                : "Encountered unknown tag '" + tag.text() + "'.");
    List<String> wanted = endTags.peek();
    if (wanted != null) {
      String list = String.join(" or ", wanted.stream().map(w -> "'" + w + "'").toList());
      boolean nestingMistake =
          tag != null && endTags.stream().anyMatch(ends -> ends.contains(tag.text()));
      message.append(
          nestingMistake
              ? " You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for "
                  + list
                  + "."
              : " Jinja was looking for the following tags: " + list + ".");
    }
    if (!openTags.isEmpty()) {
      message
          .append(" The innermost block that needs to be closed is '")
          .append(openTags.peek())
          .append("'.");
    }
    return error(message.toString());
  }

  private JinjaException error(String message) {
    return new JinjaException(Kind.SYNTAX, current().line(), message);
  }

  /**
   * Opens one level of nesting; the caller closes it with {@code nesting--}. No need to close it
   * when parsing fails.
   */
  private void enter() {
    if (++nesting > MAX_NESTING) {
      throw new JinjaException(
          Kind.RECURSION, current().line(), "more than " + MAX_NESTING + " nested levels");
    }
  }
}
