/**
 * A sandboxed Jinja2 engine for the chat templates of Hugging Face models.
 *
 * <p>{@link dev.temper.text.jinja.JinjaTemplate} is the entry point. The language is Jinja2 3.1 as
 * transformers configures it: {@code trim_blocks}, {@code lstrip_blocks}, loop controls, the {@code
 * generation} tag, and a sandbox in which nothing can be changed. Values are Python's: integers
 * without bound, floats with Python's {@code repr}, strings indexed by code point, dicts in
 * insertion order.
 *
 * <p>Left out, because no chat template was seen to use them: the filters {@code urlize}, {@code
 * xmlattr}, {@code random}, {@code wordwrap}, {@code pprint}, {@code striptags}, {@code urlencode};
 * the function {@code lipsum}; the tag {@code autoescape}; bytes ({@code str.encode}), complex
 * numbers; template inheritance (there is no loader, as in transformers). Using one is an error,
 * never different text.
 */
@NullMarked
package dev.temper.text.jinja;

import org.jspecify.annotations.NullMarked;
