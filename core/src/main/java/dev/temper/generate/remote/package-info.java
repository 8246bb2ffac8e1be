/**
 * Generation by a server that speaks OpenAI's protocol: vLLM, llama.cpp, Ollama, hosted services.
 *
 * <p>{@link dev.temper.generate.remote.OpenAiClient} speaks text and chats; {@link
 * dev.temper.generate.remote.RemoteGenerator} speaks token ids with servers that can (vLLM).
 */
@org.jspecify.annotations.NullMarked
package dev.temper.generate.remote;
