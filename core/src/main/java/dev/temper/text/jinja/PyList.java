package dev.temper.text.jinja;

import java.util.List;

/** A list. Templates cannot change it. */
record PyList(List<Object> items) {}
