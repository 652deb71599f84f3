package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.engine.Json;
import dev.limpid.engine.SupportedFeatures;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Options are read in their order, and crun gets what they come to. */
class MountOptionsTest {
  /** Those of config.md, "Linux mount options". */
  private static final List<String> SPECIFIED =
      List.of(
          ("async atime bind defaults dev diratime dirsync exec iversion lazytime loud mand noatime"
                  + " nodev nodiratime noexec noiversion nolazytime nomand norelatime nostrictatime"
                  + " nosuid nosymfollow private ratime rbind rdev rdiratime relatime remount rexec"
                  + " rnoatime rnodev rnodiratime rnoexec rnorelatime rnostrictatime rnosuid"
                  + " rnosymfollow ro rprivate rrelatime rro rrw rshared rslave rstrictatime rsuid"
                  + " rsymfollow runbindable rw shared silent slave strictatime suid symfollow sync"
                  + " tmpcopyup unbindable idmap ridmap")
              .split(" ", -1));

  private static MountOptions of(List<String> options) {
    return MountOptions.of(
        JsonCursor.root("mount", Json.object("{}").with("options", JsonArray.ofStrings(options))));
  }

  @Test
  void knowsAllThatAreSpecifiedAndTellsSo() {
    assertEquals(List.of(), of(SPECIFIED).unknown());
    List<String> features = SupportedFeatures.document().mountOptions();
    List<String> specified = new ArrayList<>(SPECIFIED);
    specified.sort(null);
    assertEquals(specified, features);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | defaults",
        "defaults,loud,silent,iversion,noiversion,rw,suid,dev,exec,async | defaults",
        "ro,rw | defaults",
        "rw,ro | ro",
        "nosuid,nodev,noexec,suid,rexec | nodev",
        "noexec,rexec,rnoexec | noexec",
        "rro,rnosuid,rnodev,rnoexec,rnodiratime | ro,nosuid,nodev,noexec,nodiratime",
        "sync,dirsync,mand,async,nomand | dirsync",
        "noatime,atime | defaults",
        "noatime,relatime | noatime,relatime",
        "strictatime,nostrictatime,relatime,norelatime | defaults",
        "strictatime,rnoatime | noatime",
        "noatime,rstrictatime | strictatime",
        "noatime,rrelatime | relatime",
        "rnoatime,ratime | relatime",
        "lazytime | lazytime",
        "lazytime,nolazytime | defaults",
        "bind,lazytime,noatime | bind,private,noatime",
        "bind,rbind | rbind,private",
        "shared,slave,nosymfollow,idmap | defaults",
        "size=1m,tmpcopyup,mode=1 | tmpcopyup,size=1m,mode=1",
        "remount,ro | ro,remount",
      })
  void forCrun(String options, String words) {
    List<String> given = options.isEmpty() ? List.of() : List.of(options.split(",", -1));
    assertEquals(List.of(words.split(",", -1)), of(given).forCrun());
  }

  @Test
  void theLastWordOnSymbolicLinksCounts() {
    assertTrue(of(List.of()).followsSymlinks());
    assertEquals(false, of(List.of("symfollow", "rnosymfollow")).followsSymlinks());
    assertTrue(of(List.of("nosymfollow", "rsymfollow")).followsSymlinks());
  }

  @ParameterizedTest
  @CsvSource({"mode=1, 1", "'size=1,mode=2,mode=3', 3", "'xmode=1,mod=2', ''", "modest, ''"})
  void findsTheValueOfAnOption(String option, String value) {
    assertEquals(
        Optional.of(value).filter(text -> !text.isEmpty()), of(List.of(option)).value("mode"));
  }
}
