package dev.temper.model;

/**
 * A place in the architecture that tensors of the file fill; {@link Names} says under which name.
 */
public enum Slot {
  /** Token table. */
  TOKENS(Place.BODY),
  /** Learned positions. */
  POSITIONS(Place.BODY),
  /** Token types. */
  TOKEN_TYPES(Place.BODY),
  /** Norm on the sum of the embeddings. */
  EMBEDDING_NORM(Place.BODY),
  /** From the token table's width to the model's. */
  EMBEDDING_PROJECTION(Place.BODY),
  /** Norm before attention. */
  ATTENTION_NORM(Place.BLOCK),
  /** Norm after attention, inside or around the residual. */
  ATTENTION_OUTPUT_NORM(Place.BLOCK),
  /** Norm before the feed-forward network. */
  FEED_FORWARD_NORM(Place.BLOCK),
  /** Norm after the feed-forward network, inside or around the residual. */
  FEED_FORWARD_OUTPUT_NORM(Place.BLOCK),
  /** Query projection. */
  QUERY(Place.BLOCK),
  /** Key projection. */
  KEY(Place.BLOCK),
  /** Value projection. */
  VALUE(Place.BLOCK),
  /** Fused query, key and value projection. */
  QUERY_KEY_VALUE(Place.BLOCK),
  /** Norm of the queries. */
  QUERY_NORM(Place.BLOCK),
  /** Norm of the keys. */
  KEY_NORM(Place.BLOCK),
  /** Output projection of attention. */
  ATTENTION_OUTPUT(Place.BLOCK),
  /** Gate projection. */
  GATE(Place.BLOCK),
  /** Up projection; the only inner one of a plain network. */
  UP(Place.BLOCK),
  /** Fused gate and up projection. */
  GATE_UP(Place.BLOCK),
  /** Down projection. */
  DOWN(Place.BLOCK),
  /** Router of a mixture of experts. */
  ROUTER(Place.BLOCK),
  /** Gate projection of an expert. */
  EXPERT_GATE(Place.EXPERT),
  /** Up projection of an expert. */
  EXPERT_UP(Place.EXPERT),
  /** Down projection of an expert. */
  EXPERT_DOWN(Place.EXPERT),
  /** Gate projection of the shared expert. */
  SHARED_GATE(Place.BLOCK),
  /** Up projection of the shared expert. */
  SHARED_UP(Place.BLOCK),
  /** Down projection of the shared expert. */
  SHARED_DOWN(Place.BLOCK),
  /** What weighs the shared expert's output, [1, D]. */
  SHARED_SWITCH(Place.BLOCK),
  /** Norm after the last block. */
  FINAL_NORM(Place.BODY),
  /** From the model's width back to the token table's. */
  OUTPUT_PROJECTION(Place.BODY),
  /** Dense layer over an encoder's first token. */
  POOLER(Place.BODY),
  /** Vocabulary head that is not tied. */
  HEAD(Place.WHOLE),
  /** Head of a sequence classifier. */
  CLASSIFIER(Place.WHOLE);

  /** What a name is relative to. */
  enum Place {
    /** Nothing. */
    WHOLE,
    /** The body of the model, for example {@code model.}. */
    BODY,
    /** A block, for example {@code model.layers.0.}. */
    BLOCK,
    /** An expert of a block. */
    EXPERT
  }

  private final Place place;

  Slot(Place place) {
    this.place = place;
  }

  Place place() {
    return place;
  }
}
