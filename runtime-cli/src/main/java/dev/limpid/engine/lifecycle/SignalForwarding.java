package dev.limpid.engine.lifecycle;

import java.util.ArrayList;
import java.util.List;
import jnr.constants.platform.Signal;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;
import jnr.posix.SignalHandler;
import jnr.posix.util.SunMiscSignal;

/**
 * Passes signals that this process gets on to a container's shim, which passes them into the
 * container. What comes before there is a shim is kept for it.
 */
final class SignalForwarding implements SignalHandler {
  /**
   * All but those that a child, a window or a socket sends to this process for its own sake, and
   * those that the JVM does not hand out: QUIT, which makes it tell what its threads do, and the
   * real-time ones.
   */
  private static final Signal[] SIGNALS = {
    Signal.SIGHUP,
    Signal.SIGINT,
    Signal.SIGABRT,
    Signal.SIGUSR1,
    Signal.SIGUSR2,
    Signal.SIGALRM,
    Signal.SIGTERM,
    Signal.SIGCONT,
    Signal.SIGTSTP,
    Signal.SIGTTIN,
    Signal.SIGTTOU,
    Signal.SIGXCPU,
    Signal.SIGVTALRM,
    Signal.SIGPROF,
    Signal.SIGIO,
    Signal.SIGPWR,
    Signal.SIGSYS
  };

  private final List<Integer> early = new ArrayList<>();
  private long pid;

  private SignalForwarding() {}

  /** Catches signals from now on. */
  static SignalForwarding install() {
    SignalForwarding forwarding = new SignalForwarding();
    for (Signal signal : SIGNALS) {
      SunMiscSignal.signal(signal, forwarding);
    }
    return forwarding;
  }

  /** Passes on what has come, and what will come, to this process. */
  synchronized void to(long shimPid) {
    pid = shimPid;
    for (int number : early) {
      send(number);
    }
    early.clear();
  }

  /** Passes nothing on any more: the process is gone, and its pid may become another's. */
  synchronized void stop() {
    pid = 0;
  }

  @Override
  public synchronized void handle(int number) {
    if (pid == 0) {
      early.add(number);
    } else {
      send(number);
    }
  }

  private void send(int number) {
    Libc.CALLS.kill(pid, number);
  }

  /** Loading this takes longer than starting a container's program; most runs never need it. */
  private static final class Libc {
    static final POSIX CALLS = POSIXFactory.getNativePOSIX();
  }
}
