package dev.limpid.oci.config;

import java.util.List;
import java.util.OptionalLong;

/**
 * A program of the caller (config.md, "POSIX-platform Hooks").
 *
 * @param path the program, absolute
 * @param args its arguments, the first of them its name; empty: the path alone
 * @param env its whole environment, each {@code NAME=value}
 * @param timeout seconds until it is killed, above 0; absent: no limit
 */
public record Hook(String path, List<String> args, List<String> env, OptionalLong timeout) {
  /** Copies the collections. */
  public Hook {
    args = List.copyOf(args);
    env = List.copyOf(env);
  }
}
