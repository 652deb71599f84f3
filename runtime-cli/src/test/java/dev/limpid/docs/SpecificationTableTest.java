package dev.limpid.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.docs.SpecificationDocument.Row;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonValue;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/specification.md leaves nothing out, and every promise in it names a test that exists. */
class SpecificationTableTest {
  private static final Path TREE = Path.of("..").toAbsolutePath().normalize();
  private static final String LIST = "fields-1.2.1.txt";
  private static final int STATE = 1;
  private static final int COLUMNS = 4;
  private static final int COLUMNS_OF_DIFFERENCES = 5;

  private static final Set<String> STATES = Set.of("honoured", "refused", "ignored", "left out");
  private static final Set<String> PROMISES = Set.of("honoured", "refused");

  private final SpecificationDocument document =
      SpecificationDocument.read(TREE.resolve("docs/specification.md"));
  private final TestSources tests = TestSources.read(TREE);

  SpecificationTableTest() throws IOException {}

  private static Set<String> published() throws IOException {
    Set<String> fields = new LinkedHashSet<>();
    try (InputStream in = SpecificationTableTest.class.getResourceAsStream(LIST)) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      text.lines().filter(line -> !line.startsWith("#")).forEach(fields::add);
    }
    return fields;
  }

  private Set<String> documented() {
    Set<String> fields = new LinkedHashSet<>();
    for (Row row : document.fields()) {
      fields.addAll(row.quoted(0));
    }
    return fields;
  }

  @Test
  void everyFieldOfTheSpecificationHasARow() throws IOException {
    Set<String> missing = new LinkedHashSet<>(published());
    missing.removeAll(documented());
    assertEquals(Set.of(), missing);
  }

  @Test
  void everyRowIsAFieldOfTheSpecification() throws IOException {
    Set<String> unknown = new LinkedHashSet<>(documented());
    unknown.removeAll(published());
    assertEquals(Set.of(), unknown);
  }

  @Test
  void noFieldHasTwoRows() {
    Set<String> seen = new HashSet<>();
    for (Row row : document.fields()) {
      assertEquals(COLUMNS, row.cells().size(), row::toString);
      assertEquals(1, row.quoted(0).size(), row::toString);
      assertTrue(seen.add(row.quoted(0).get(0)), row::toString);
    }
  }

  @Test
  void everyRowSaysWhatBecomesOfTheField() {
    for (Row row : document.fields()) {
      assertTrue(STATES.contains(row.cells().get(STATE)), row::toString);
      assertFalse(row.cells().get(2).isEmpty(), row::toString);
    }
  }

  @Test
  void everyPromiseNamesTestsThatExist() {
    List<String> problems = new ArrayList<>();
    for (Row row : document.fields()) {
      if (PROMISES.contains(row.cells().get(STATE)) && row.tests().isEmpty()) {
        problems.add(row + ": names no test");
      }
      for (String test : row.tests()) {
        tests.problemWith(test).ifPresent(problem -> problems.add(row + ": " + problem));
        if (!test.contains("#")) {
          problems.add(row + ": " + test + ": names no method");
        }
      }
    }
    assertEquals(List.of(), problems);
  }

  @Test
  void everyDifferenceNamesTestsThatExist() {
    List<String> problems = new ArrayList<>();
    assertFalse(document.differences().isEmpty());
    for (Row row : document.differences()) {
      assertEquals(COLUMNS_OF_DIFFERENCES, row.cells().size(), row::toString);
      if (row.tests().isEmpty() || row.cells().contains("")) {
        problems.add(row + ": has an empty column");
      }
      for (String test : row.tests()) {
        tests.problemWith(test).ifPresent(problem -> problems.add(row + ": " + problem));
      }
    }
    assertEquals(List.of(), problems);
  }

  /** The document in which everything is set that the parser knows. */
  @Test
  void everyFieldThatIsParsedHasARow() throws IOException {
    Path full = Path.of("oci-spec/src/test/resources/dev/limpid/oci/config/full-config.json");
    JsonValue config = new JsonReader("full-config.json").read(TREE.resolve(full));
    List<String> unknown = new ArrayList<>();
    lookUp(config, "", documented(), unknown);
    assertEquals(List.of(), unknown);
  }

  private static void lookUp(
      JsonValue value, String path, Set<String> documented, List<String> unknown) {
    if (documented.contains(path)) {
      return;
    }
    if (value instanceof JsonArray array) {
      for (JsonValue element : array.elements()) {
        lookUp(element, path + "[]", documented, unknown);
      }
    } else if (value instanceof JsonObject object) {
      String prefix = path.isEmpty() ? "" : path + ".";
      boolean isMap = documented.stream().anyMatch(field -> field.startsWith(prefix + "*."));
      for (Map.Entry<String, JsonValue> member : object.members().entrySet()) {
        String name = isMap ? "*" : member.getKey();
        lookUp(member.getValue(), prefix + name, documented, unknown);
      }
    } else {
      unknown.add(path);
    }
  }

  @Test
  void aTestIsAMethodThatIsAnnotatedAsOne() {
    assertEquals(Optional.empty(), problem("#aTestIsAMethodThatIsAnnotatedAsOne"));
    assertEquals(Optional.empty(), problem(""));
    for (String name : List.of("#lookUp", "#documented", "#nonsense")) {
      assertTrue(problem(name).isPresent(), name);
    }
    assertTrue(tests.problemWith("NonsenseTest#any").isPresent());
    assertTrue(tests.problemWith("TestSources").isPresent());
  }

  private Optional<String> problem(String method) {
    return tests.problemWith(SpecificationTableTest.class.getSimpleName() + method);
  }

  /** The report of two columns finds its chapter and its tests in the same way. */
  @Test
  void theReportKnowsTheChapterOfDifferences() throws IOException {
    String script = Files.readString(Path.of("src/test/scripts/behaviours"));
    Matcher chapter = Pattern.compile("CHAPTER = \"(.*)\"").matcher(script);
    assertTrue(chapter.find());
    String text = Files.readString(TREE.resolve("docs/specification.md"));
    assertTrue(text.contains("\n" + chapter.group(1) + "\n"), chapter.group(1));
  }
}
