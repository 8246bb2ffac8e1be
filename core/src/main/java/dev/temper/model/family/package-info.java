/** The families the library knows, each as data: a spec read from config.json and a name map. */
@org.jspecify.annotations.NullMarked
package dev.temper.model.family;
