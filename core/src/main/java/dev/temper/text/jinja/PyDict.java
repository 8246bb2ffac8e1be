package dev.temper.text.jinja;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A dict in insertion order, with Python's equality of keys: {@code 1}, {@code 1.0} and {@code
 * True} are one key, and the first one given stays. Built once, then only read.
 */
final class PyDict {
  private final Map<Object, Entry> entries = new LinkedHashMap<>();

  record Entry(Object key, Object value) {}

  static PyDict of(Map<String, Object> values) {
    PyDict dict = new PyDict();
    values.forEach(dict::put);
    return dict;
  }

  PyDict put(Object key, Object value) {
    Object identity = Values.hashKey(key);
    Entry old = entries.get(identity);
    entries.put(identity, new Entry(old == null ? key : old.key(), value));
    return this;
  }

  PyDict putAll(PyDict other) {
    other.entries().forEach(entry -> put(entry.key(), entry.value()));
    return this;
  }

  @Nullable Object get(Object key) {
    Entry entry = entries.get(Values.hashKey(key));
    return entry == null ? null : entry.value();
  }

  boolean containsKey(Object key) {
    return entries.containsKey(Values.hashKey(key));
  }

  int size() {
    return entries.size();
  }

  Collection<Entry> entries() {
    return entries.values();
  }

  List<Object> keys() {
    List<Object> keys = new ArrayList<>(size());
    entries().forEach(entry -> keys.add(entry.key()));
    return keys;
  }

  List<Object> values() {
    List<Object> values = new ArrayList<>(size());
    entries().forEach(entry -> values.add(entry.value()));
    return values;
  }

  List<Object> items() {
    List<Object> items = new ArrayList<>(size());
    entries().forEach(entry -> items.add(PyTuple.of(entry.key(), entry.value())));
    return items;
  }
}
