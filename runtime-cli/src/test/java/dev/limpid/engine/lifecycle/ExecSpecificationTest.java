package dev.limpid.engine.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.engine.Json;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** A second process is the container's own, but for what is asked for. */
class ExecSpecificationTest {
  private static final String OWN =
      "{'args':['sleep'],'cwd':'/','env':['A=1'],'terminal':true,'consoleSize':{'height':1,'width':2},"
          + "'user':{'uid':1,'gid':2,'additionalGids':[3]},'noNewPrivileges':true,"
          + "'capabilities':{'bounding':['CAP_KILL'],'ambient':['CAP_KILL']},'future':[1]}";

  @Test
  void nothingButTheProgramNeedChange() {
    assertEquals(
        Json.of(
            "{'args':['ps','-e'],'cwd':'/','env':['A=1'],'terminal':false,"
                + "'user':{'uid':1,'gid':2,'additionalGids':[3]},'noNewPrivileges':true,"
                + "'capabilities':{'bounding':['CAP_KILL'],'ambient':['CAP_KILL']},'future':[1]}"),
        new ExecSpecification.Changes(
                List.of("ps", "-e"),
                false,
                Optional.empty(),
                List.of(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                List.of(),
                List.of(),
                Optional.empty())
            .apply(Json.object(OWN)));
  }

  @Test
  void everythingCanChange() {
    assertEquals(
        Json.of(
            "{'args':['id'],'cwd':'/tmp','env':['A=1','A=2','B='],'terminal':true,"
                + "'user':{'uid':5,'gid':6,'additionalGids':[3,7]},'noNewPrivileges':false,"
                + "'capabilities':{'bounding':['CAP_KILL','CAP_CHOWN'],'ambient':['CAP_KILL'],"
                + "'effective':['CAP_CHOWN','CAP_KILL'],'permitted':['CAP_CHOWN','CAP_KILL']},"
                + "'future':[1]}"),
        new ExecSpecification.Changes(
                List.of("id"),
                true,
                Optional.of("/tmp"),
                List.of("A=2", "B="),
                OptionalLong.of(5),
                OptionalLong.of(6),
                List.of(7L),
                List.of("CAP_CHOWN", "CAP_KILL"),
                Optional.of(false))
            .apply(Json.object(OWN)));
  }

  @Test
  void aProcessThatSaysLittleIsEnough() {
    assertEquals(
        Json.of("{'args':['id'],'terminal':false,'user':{'gid':6}}"),
        new ExecSpecification.Changes(
                List.of("id"),
                false,
                Optional.empty(),
                List.of(),
                OptionalLong.empty(),
                OptionalLong.of(6),
                List.of(),
                List.of(),
                Optional.empty())
            .apply(Json.object("{}")));
  }
}
