package dev.temper.text.jinja;

import java.util.ArrayList;
import java.util.List;

/** Text being written: the document itself, or the result of a macro or block. */
final class Output {
  private final Budget budget;
  private final boolean document;
  private final StringBuilder text = new StringBuilder();
  private final List<Span> generations = new ArrayList<>();

  private Output(Budget budget, boolean document) {
    this.budget = budget;
    this.document = document;
  }

  static Output document(Budget budget) {
    return new Output(budget, true);
  }

  static Output buffer(Budget budget) {
    return new Output(budget, false);
  }

  void append(String part) {
    budget.chars(part.length());
    text.append(part);
  }

  int length() {
    return text.length();
  }

  void generation(int start) {
    generations.add(new Span(start, text.length()));
  }

  boolean isDocument() {
    return document;
  }

  String text() {
    return text.toString();
  }

  List<Span> generations() {
    return List.copyOf(generations);
  }
}
