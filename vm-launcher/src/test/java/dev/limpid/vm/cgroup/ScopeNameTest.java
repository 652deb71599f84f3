package dev.limpid.vm.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code slice:prefix:name}. */
class ScopeNameTest {
  @ParameterizedTest
  @CsvSource({
    "system.slice:docker:1, system.slice/docker-1.scope",
    ":docker:1, system.slice/docker-1.scope",
    "-.slice:docker:1, docker-1.scope",
    "user.slice::1, user.slice/1.scope",
    "a-b.slice:p:n, a.slice/a-b.slice/p-n.scope",
    "kubepods-burstable-pod1.slice:cri-containerd:9, kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-9.scope",
    "a\\x2db.slice:p:n@1, a\\x2db.slice/p-n@1.scope",
  })
  void isAPath(String text, String path) {
    assertEquals(Optional.of(path), ScopeName.parse(text).map(ScopeName::path));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "a:b",
        "a:b:c",
        "a.slice:b:c:d",
        ".slice:b:c",
        "a/b.slice:c:d",
        "-a.slice:b:c",
        "a-.slice:b:c",
        "a--b.slice:c:d",
        "a.slice:b:",
        "a.slice:b/c:d",
        "a.slice:b:c/d",
        "a.slice:b:c d",
        "a.slice:b:\u00e4",
        "a.slice:-b:c",
        "a.slice::-Hroot@host"
      })
  void isRefused(String text) {
    assertEquals(Optional.empty(), ScopeName.parse(text));
  }

  @ParameterizedTest
  @CsvSource({
    "web, system.slice/limpid-web.scope",
    "-web, system.slice/limpid--web.scope",
    "a+b+, system.slice/limpid-a\\x2bb\\x2b.scope",
  })
  void hasTheContainersName(String id, String path) {
    assertEquals(Optional.of(path), ScopeName.ofContainer(id).map(ScopeName::path));
  }

  @ParameterizedTest
  @CsvSource({"242, true", "243, false"})
  void mayBeTooLongWithTheContainersName(int length, boolean valid) {
    assertEquals(valid, ScopeName.ofContainer("n".repeat(length)).isPresent());
  }

  @ParameterizedTest
  @CsvSource({"247, true", "248, false"})
  void isNoLongerThanAUnitMayBe(int length, boolean valid) {
    assertEquals(valid, ScopeName.parse("a.slice:p:" + "n".repeat(length)).isPresent());
  }
}
