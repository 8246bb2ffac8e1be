package dev.temper.text.jinja;

import java.util.List;

/**
 * The keys, values or items of a dict.
 *
 * @param typeName {@code dict_keys}, {@code dict_values} or {@code dict_items}
 */
record DictView(String typeName, List<Object> items) {}
