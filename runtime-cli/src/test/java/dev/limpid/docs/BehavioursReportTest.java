package dev.limpid.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The report of two columns agrees only with what docs/specification.md says. */
class BehavioursReportTest {
  private static final String PASSED = "";
  private static final String FAILED = "<failure message=\"expected: &lt;1&gt;\"/>";
  private static final String NOT_FOR_IT =
      "<skipped message=\"@EnabledIf(&quot;X#runsVirtualMachines&quot;) evaluated to false\"/>";
  private static final String SKIPPED =
      "<skipped message=\"Assumption failed: no controller hugetlb\"/>";

  private Path folder;

  /** What the script printed, and with which status it ended. */
  private record Report(int status, String text) {}

  @BeforeEach
  void prepare(@TempDir Path temporary) {
    folder = temporary;
  }

  /** Reports of one test, and a document whose chapter of differences names these tests. */
  private Report report(String other, String limpid, String... named) throws Exception {
    write("other", other);
    write("limpid", limpid);
    StringBuilder document =
        new StringBuilder("# T\n\n| `SomeIT#elsewhere` |\n\n## Where Limpid differs from runc\n\n");
    for (String test : named) {
      document.append("| What `OtherIT#inAnotherColumn` | why | `").append(test).append("` |\n");
    }
    Path file = Files.writeString(folder.resolve("specification.md"), document);
    Process process =
        new ProcessBuilder(
                "python3",
                "src/test/scripts/behaviours",
                "/usr/sbin/other",
                folder.resolve("other").toString(),
                folder.resolve("limpid").toString(),
                file.toString())
            .redirectErrorStream(true)
            .start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Report(process.waitFor(), text);
  }

  private void write(String name, String result) throws IOException {
    Path reports = Files.createDirectories(folder.resolve(name));
    String cases =
        testCase("aThingIsDone", result)
            + testCase("itHasAName(int)[1]", PASSED)
            + testCase("itHasAName(int)[2]", PASSED);
    Files.writeString(
        reports.resolve("TEST-dev.limpid.behaviour.SomeIT.xml"),
        "<testsuite>" + cases + "</testsuite>");
    Files.writeString(reports.resolve("TEST-dev.limpid.caller.SomeIT.xml"), "not looked at");
  }

  private static String testCase(String name, String result) {
    return "<testcase name=\"%s\" classname=\"dev.limpid.behaviour.SomeIT\">%s</testcase>"
        .formatted(name, result);
  }

  private static void assertShows(Report report, String line) {
    assertTrue(
        report.text().lines().anyMatch(each -> each.strip().matches(line)), report::toString);
  }

  @Test
  void whatIsTheSameIsFine() throws Exception {
    Report report = report(PASSED, PASSED);
    assertEquals(0, report.status(), report::toString);
    assertShows(report, "behaviour +other +limpid");
    assertShows(report, "a thing is done +passed +passed");
    assertShows(report, "it has a name \\(2\\) +passed +passed");
    assertShows(report, "passed +2 +2");
    assertShows(report, "behaviours +2");
  }

  @Test
  void limpidMustNotFailEvenIfTheOtherDoes() throws Exception {
    Report report = report(FAILED, FAILED);
    assertEquals(1, report.status(), report::toString);
    assertShows(report, "behaviours: SomeIT#aThingIsDone: limpid fails: expected: <1>");
  }

  @Test
  void aDifferenceNeedsARow() throws Exception {
    for (String other : new String[] {FAILED, NOT_FOR_IT}) {
      assertEquals(1, report(other, PASSED).status());
      assertEquals(1, report(other, PASSED, "OtherIT#aThingIsDone").status());
      assertEquals(0, report(other, PASSED, "SomeIT#aThingIsDone").status());
    }
    assertShows(
        report(NOT_FOR_IT, PASSED, "SomeIT#aThingIsDone"), "a thing is done +not for it +passed");
  }

  @Test
  void aRowNeedsADifference() throws Exception {
    Report report = report(PASSED, PASSED, "SomeIT#aThingIsDone");
    assertEquals(1, report.status(), report::toString);
    assertShows(report, "behaviours: SomeIT#aThingIsDone: .* names it, and there is no difference");
  }

  @Test
  void aClassStandsForAllOfItsTests() throws Exception {
    Report report = report(FAILED, PASSED, "SomeIT");
    assertEquals(1, report.status(), report::toString);
    assertShows(report, "behaviours: SomeIT#itHasAName: .* there is no difference");
  }

  @Test
  void whatTheHostLacksIsNamedAndNoDifference() throws Exception {
    Report report = report(SKIPPED, SKIPPED);
    assertEquals(0, report.status(), report::toString);
    assertShows(report, "a thing is done +skipped +skipped +no controller hugetlb");
    assertEquals(0, report(SKIPPED, SKIPPED, "SomeIT#aThingIsDone").status());
  }

  @Test
  void resultsThatAreNotThereAreAFailure() throws Exception {
    write("other", PASSED);
    Files.delete(folder.resolve("other/TEST-dev.limpid.behaviour.SomeIT.xml"));
    Files.createDirectories(folder.resolve("empty"));
    Process process =
        new ProcessBuilder(
                "python3",
                "src/test/scripts/behaviours",
                "/usr/sbin/other",
                folder.resolve("empty").toString(),
                folder.resolve("other").toString(),
                "none")
            .redirectErrorStream(true)
            .start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(1, process.waitFor());
    assertTrue(text.contains("empty: holds no results"), text);
  }
}
