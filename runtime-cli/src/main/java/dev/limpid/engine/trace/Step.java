package dev.limpid.engine.trace;

/** What has begun and not ended. */
public interface Step extends AutoCloseable {
  /** It ends now, unless it has ended before. */
  @Override
  void close();
}
