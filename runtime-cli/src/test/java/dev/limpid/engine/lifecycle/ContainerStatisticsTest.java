package dev.limpid.engine.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.Json;
import dev.limpid.oci.json.InvalidSpecException;
import org.junit.jupiter.api.Test;

/** The guest's numbers in runc's shape. */
class ContainerStatisticsTest {
  @Test
  void nothingIsAnAnswerToo() {
    assertEquals(
        Json.of(
            "{'cpu':{},'memory':{},'pids':{},'blkio':{},'hugetlb':{},'intel_rdt':{},"
                + "'network_interfaces':[]}"),
        ContainerStatistics.data(Json.config("{}")));
  }

  @Test
  void everyNumberHasItsPlace() {
    String stats =
        "{'cpu':{'usage':30,'user':10,'system':20,'periods':4,'throttled':5,'throttledTime':6},"
            + "'memory':{'usage':100,'limit':-1,'max':-1,'swapUsage':7,'swapLimit':8,'failcnt':9,"
            + "'oomKills':1,'stat':{'anon':60,'file':40}},"
            + "'pids':{'current':2,'limit':-1},"
            + "'io':[{'major':8,'minor':1,'rbytes':11,'wbytes':12,'rios':13,'wios':14}],"
            + "'hugetlb':[{'pageSize':'2MB','usage':3,'limit':-1,'failcnt':4}],"
            + "'network':[{'name':'eth0','rxBytes':1,'txDropped':2}]}";
    String expected =
        "{'cpu':{'usage':{'total':30000,'percpu':[],'kernel':20000,'user':10000},"
            + "'throttling':{'periods':4,'throttledPeriods':5,'throttledTime':6000}},"
            + "'memory':{'cache':40,"
            + "'usage':{'limit':9223372036854775807,'usage':100,'max':100,'failcnt':9},"
            + "'swap':{'limit':8,'usage':7,'max':7,'failcnt':0},"
            + "'kernel':{'limit':0,'usage':0,'max':0,'failcnt':0},"
            + "'kernelTCP':{'limit':0,'usage':0,'max':0,'failcnt':0},"
            + "'raw':{'anon':60,'file':40}},"
            + "'pids':{'current':2,'limit':0},"
            + "'blkio':{'ioServiceBytesRecursive':["
            + "{'major':8,'minor':1,'op':'Read','value':11},"
            + "{'major':8,'minor':1,'op':'Write','value':12}],"
            + "'ioServicedRecursive':["
            + "{'major':8,'minor':1,'op':'Read','value':13},"
            + "{'major':8,'minor':1,'op':'Write','value':14}]},"
            + "'hugetlb':{'2MB':{'usage':3,'failcnt':4}},'intel_rdt':{},'network_interfaces':["
            + "{'Name':'eth0','RxBytes':1,'RxPackets':0,'RxErrors':0,'RxDropped':0,'TxBytes':0,"
            + "'TxPackets':0,'TxErrors':0,'TxDropped':2}]}";
    assertEquals(Json.of(expected), ContainerStatistics.data(Json.config(stats)));
  }

  @Test
  void whatIsNoNumberIsRefused() {
    assertThrows(
        InvalidSpecException.class,
        () -> ContainerStatistics.data(Json.config("{'cpu':{'usage':'much'}}")));
  }
}
