package dev.limpid.vm.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.oci.config.ConfigParser;
import dev.limpid.oci.config.Resources;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.vm.cgroup.CgroupTree.Version;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What limits come to in the files of each version. */
class LimitSettingsTest {
  private static Resources resources(String json) throws IOException {
    byte[] text = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    return ConfigParser.parseResources(
        "r", (JsonObject) new JsonReader("r").read(new ByteArrayInputStream(text)));
  }

  private static String files(Version version, String json) throws IOException {
    Resources r = resources(json);
    HostMemory memory =
        new HostMemory(r.memory().limit(), r.memory().reservation(), r.memory().swappiness());
    List<LimitSetting> all = new ArrayList<>();
    all.addAll(LimitSettings.memory(version, memory));
    all.addAll(LimitSettings.processors(version, r.cpu()));
    all.addAll(LimitSettings.bandwidth(version, r.cpu()));
    all.addAll(LimitSettings.blockIo(version, r.blockIo()));
    all.addAll(LimitSettings.unified(version, r.unified()));
    return all.stream()
        .map(
            setting ->
                setting.field()
                    + (setting.needed() ? "!" : "")
                    + " "
                    + setting.writes().stream()
                        .map(write -> write.file() + "=" + write.text())
                        .collect(Collectors.joining(" or ")))
        .collect(Collectors.joining("; "));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "{}|\"\"",
        "{'memory':{'limit':0,'reservation':0},'cpu':{'shares':0,'quota':0,'period':0}}|\"\"",
        "{'memory':{'limit':7}}|memory.limit memory.limit_in_bytes=7",
        "{'memory':{'limit':-1,'reservation':-1}}|memory.limit memory.limit_in_bytes=-1; memory.reservation memory.soft_limit_in_bytes=-1",
        "{'memory':{'swappiness':0}}|memory.swappiness! memory.swappiness=0",
        "{'cpu':{'shares':512}}|cpu.shares! cpu.shares=512",
        "{'cpu':{'shares':512,'idle':1}}|cpu.idle! cpu.idle=1",
        "{'cpu':{'shares':512,'idle':0}}|cpu.idle! cpu.idle=0; cpu.shares! cpu.shares=512",
        "{'cpu':{'cpus':'0-1','mems':'0'}}|cpu.cpus! cpuset.cpus=0-1; cpu.mems! cpuset.mems=0",
        "{'cpu':{'quota':50000,'period':100000}}|cpu.period cpu.cfs_period_us=100000; cpu.quota cpu.cfs_quota_us=62500 or cpu.cfs_quota_us=50000",
        "{'cpu':{'quota':-1,'burst':5}}|cpu.quota cpu.cfs_quota_us=-1; cpu.burst cpu.cfs_burst_us=5",
        "{'blockIO':{'weight':300}}|blockIO.weight! blkio.weight=300 or blkio.bfq.weight=300",
        "{'blockIO':{'leafWeight':10}}|blockIO.leafWeight! blkio.leaf_weight=10",
        "{'blockIO':{'weightDevice':[{'major':8,'minor':0,'weight':10}]}}|blockIO.weightDevice! blkio.weight_device=8:0 10 or blkio.bfq.weight_device=8:0 10",
        "{'blockIO':{'throttleReadBpsDevice':[{'major':8,'minor':1,'rate':9}]}}|blockIO.throttleReadBpsDevice! blkio.throttle.read_bps_device=8:1 9",
        "{'blockIO':{'throttleWriteIOPSDevice':[{'major':8,'minor':1,'rate':18446744073709551615}]}}|blockIO.throttleWriteIOPSDevice! blkio.throttle.write_iops_device=8:1 18446744073709551615",
        "{'unified':{'memory.high':'1','io.max':'8:0 rbps=1'}}|unified.io.max! io.max=8:0 rbps=1",
      })
  void inVersionOne(String json, String files) throws IOException {
    assertEquals(files, files(Version.V1, json));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "{}|\"\"",
        "{'memory':{'limit':7,'reservation':3}}|memory.limit memory.max=7; memory.reservation memory.low=3",
        "{'memory':{'limit':-1,'reservation':-1}}|memory.limit memory.max=max; memory.reservation memory.low=0",
        "{'memory':{'swappiness':60}}|memory.swappiness! memory.swappiness=60",
        "{'cpu':{'shares':2}}|cpu.shares! cpu.weight=1",
        "{'cpu':{'shares':1024}}|cpu.shares! cpu.weight=39",
        "{'cpu':{'shares':262144}}|cpu.shares! cpu.weight=10000",
        "{'cpu':{'shares':9223372036854775807}}|cpu.shares! cpu.weight=10000",
        "{'cpu':{'idle':1,'shares':7}}|cpu.idle! cpu.idle=1",
        "{'cpu':{'quota':50000}}|cpu.quota cpu.max=62500 100000",
        "{'cpu':{'quota':50000,'period':20000}}|cpu.quota cpu.max=62500 20000",
        "{'cpu':{'period':20000}}|cpu.period cpu.max=max 20000",
        "{'cpu':{'quota':-1}}|cpu.quota cpu.max=max 100000",
        "{'cpu':{'burst':5}}|cpu.burst cpu.max.burst=5",
        "{'blockIO':{'weight':10}}|blockIO.weight! io.bfq.weight=10 or io.weight=1",
        "{'blockIO':{'weight':1000}}|blockIO.weight! io.bfq.weight=1000 or io.weight=10000",
        "{'blockIO':{'leafWeight':10}}|blockIO.leafWeight! io.leaf_weight=10",
        "{'blockIO':{'weightDevice':[{'major':8,'minor':0,'weight':1000}]}}|blockIO.weightDevice! io.bfq.weight=8:0 1000 or io.weight=8:0 10000",
        "{'blockIO':{'throttleReadBpsDevice':[{'major':8,'minor':1,'rate':9}]}}|blockIO.throttleReadBpsDevice! io.max=8:1 rbps=9",
        "{'blockIO':{'throttleWriteIOPSDevice':[{'major':8,'minor':1,'rate':0}]}}|blockIO.throttleWriteIOPSDevice! io.max=8:1 wiops=max",
        "{'unified':{'cpuset.cpus':'1','pids.max':'3'}}|unified.cpuset.cpus! cpuset.cpus=1",
      })
  void inVersionTwo(String json, String files) throws IOException {
    assertEquals(files, files(Version.V2, json));
  }
}
