package dev.limpid.proto;

import java.util.Locale;

/** The flags that a mount in the guest may have. */
public enum MountFlag {
  /** Nothing in it can be changed. */
  RO,
  /** Set-user-id bits have no effect. */
  NOSUID,
  /** Device nodes can't be opened. */
  NODEV,
  /** Nothing in it can be executed. */
  NOEXEC,
  /** Access times are kept when they say something new. */
  RELATIME,
  /** Access times are not kept. */
  NOATIME,
  /** The source is a path of the guest, seen at the target as well. */
  BIND,
  /** With BIND: what is mounted below the source comes along. */
  REC;

  /** The word in the protocol, for example {@code nosuid}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
