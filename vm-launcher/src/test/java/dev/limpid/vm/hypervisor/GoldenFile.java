package dev.limpid.vm.hypervisor;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A list of texts as it must come out, one a line. */
record GoldenFile(String name, List<String> lines) {
  /** The file of this name beside a class. */
  static GoldenFile of(Class<?> beside, String name) throws IOException {
    try (InputStream in = beside.getResourceAsStream(name)) {
      if (in == null) {
        throw new FileNotFoundException(name + ": not among the test's resources");
      }
      return new GoldenFile(
          name, new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList());
    }
  }

  /** Fails with both texts as one, what is missing marked by a minus, what is new by a plus. */
  void check(List<String> actual) {
    if (!lines.equals(actual)) {
      fail(name + " differs:\n" + String.join("\n", difference(actual)));
    }
  }

  private List<String> difference(List<String> actual) {
    int[][] common = new int[lines.size() + 1][actual.size() + 1];
    for (int i = lines.size() - 1; i >= 0; i--) {
      for (int j = actual.size() - 1; j >= 0; j--) {
        common[i][j] =
            lines.get(i).equals(actual.get(j))
                ? common[i + 1][j + 1] + 1
                : Math.max(common[i + 1][j], common[i][j + 1]);
      }
    }
    List<String> marked = new ArrayList<>();
    int i = 0;
    int j = 0;
    while (i < lines.size() || j < actual.size()) {
      if (i < lines.size() && j < actual.size() && lines.get(i).equals(actual.get(j))) {
        marked.add("  " + lines.get(i++));
        j++;
      } else if (j == actual.size() || (i < lines.size() && common[i + 1][j] >= common[i][j + 1])) {
        marked.add("- " + lines.get(i++));
      } else {
        marked.add("+ " + actual.get(j++));
      }
    }
    return marked;
  }
}
