package dev.limpid.engine.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.engine.container.HostProcess;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which interfaces are worth a warning. */
final class UnjoinedInterfacesTest {
  @Test
  void interfacesOfTheKernelItselfAreNone() {
    String table =
        """
        Inter-|   Receive                                                |  Transmit
         face |bytes    packets errs drop fifo frame compressed multicast|bytes
            lo:       0       0    0    0    0     0          0         0        0
         sit0:       0       0    0    0    0     0          0         0        0
          eth0:     806      11    0    0    0     0          0         0        0
        veth1a2b:  806      11    0    0    0     0          0         0        0
        """;
    assertEquals(List.of("eth0", "veth1a2b"), UnjoinedInterfaces.parse(table));
  }

  @Test
  void processThatHasEndedHasNone() {
    assertEquals(List.of(), UnjoinedInterfaces.of(new HostProcess(0, 0)));
  }
}
