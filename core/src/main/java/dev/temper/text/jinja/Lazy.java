package dev.temper.text.jinja;

import java.util.Iterator;

/**
 * What a lazy filter such as {@code map} returns: items that are computed when they are asked for,
 * and only once.
 */
record Lazy(Iterator<Object> iterator) {}
