package dev.temper.generate;

/** Nobody listens. */
enum NoTextListener implements TextListener {
  INSTANCE;

  @Override
  public boolean onText(int completion, String delta) {
    return true;
  }
}
