package dev.limpid.vm.shim;

import java.util.Optional;

/**
 * How something of the host is bound into the shared folder.
 *
 * @param recursive whether mounts below it come along
 * @param readOnly whether the guest may only read it, and what is mounted below it
 * @param follows whether what the host mounts below it later comes along too
 * @param identities how the owners of its files are mapped, if they are
 */
public record BindOptions(
    boolean recursive, boolean readOnly, boolean follows, Optional<IdentityMap> identities) {
  /** Of a folder that is shared as it is, with what is mounted below it now. */
  public static final BindOptions WHOLE = new BindOptions(true, false, false, Optional.empty());

  /** Of a folder that the guest can only read, without what is mounted below it. */
  public static final BindOptions READ_ONLY = new BindOptions(false, true, false, Optional.empty());

  /** The words of the plan. */
  String words() {
    return (recursive ? "rbind" : "bind")
        + (readOnly ? ",ro" : "")
        + (follows ? ",slave" : "")
        + (identities.isEmpty() ? "" : identities.get().recursive() ? ",ridmap" : ",idmap");
  }
}
