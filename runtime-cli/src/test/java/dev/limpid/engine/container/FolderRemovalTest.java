package dev.limpid.engine.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is removed with a folder, and what must not be. */
class FolderRemovalTest {
  @TempDir private Path folder;

  @Test
  void nothingHappensToWhatIsNotThere() {
    FolderRemoval.remove(folder.resolve("none"));
    FolderRemoval.remove(folder.resolve("none/below"));

    assertTrue(Files.isDirectory(folder));
  }

  @Test
  void removesATree() throws IOException {
    Path tree = folder.resolve("tree");
    Files.createDirectories(tree.resolve("a/b/c"));
    Files.createDirectories(tree.resolve("empty"));
    Files.writeString(tree.resolve("a/b/file"), "x");
    FolderRemoval.remove(tree);

    assertFalse(Files.exists(tree));
  }

  @Test
  void followsNoLinks() throws IOException {
    Path kept = Files.createDirectories(folder.resolve("kept"));
    Files.writeString(kept.resolve("file"), "x");
    Path tree = Files.createDirectories(folder.resolve("tree/sub"));
    Files.createSymbolicLink(tree.resolve("directory"), kept);
    Files.createSymbolicLink(tree.resolve("file"), kept.resolve("file"));
    Files.createSymbolicLink(tree.resolve("dangling"), folder.resolve("none"));
    Files.createSymbolicLink(tree.resolve("loop"), tree);
    FolderRemoval.remove(tree.getParent());

    assertFalse(Files.exists(tree.getParent()));
    assertEquals("x", Files.readString(kept.resolve("file")));
  }

  @Test
  void removesWhatIsDeeperThanAPathCanSay() throws IOException {
    Path tree = Files.createDirectory(folder.resolve("0"));
    for (int i = 1; i <= 3000; i++) {
      Path around = Files.createDirectory(folder.resolve(Integer.toString(i)));
      Files.writeString(around.resolve("file"), "x");
      Files.move(tree, around.resolve("d"));
      tree = around;
    }
    Path top = tree;
    FolderRemoval.remove(top);

    assertFalse(Files.exists(top));
  }

  @Test
  void isNotConfusedByWhatWasLeftHalfRemoved() throws IOException {
    Path tree = folder.resolve("tree");
    Files.createDirectories(tree.resolve("a/b/c"));
    Files.createDirectories(tree.resolve(".limpid-removed-0/full"));
    Files.writeString(tree.resolve(".limpid-removed-1"), "x");
    FolderRemoval.remove(tree);

    assertFalse(Files.exists(tree));
  }

  @Test
  void removesALinkInPlaceOfTheFolder() throws IOException {
    Path kept = Files.createDirectories(folder.resolve("kept/sub")).getParent();
    Path link = Files.createSymbolicLink(folder.resolve("link"), kept);
    FolderRemoval.remove(link);

    assertFalse(Files.exists(link, LinkOption.NOFOLLOW_LINKS));
    assertTrue(Files.isDirectory(kept.resolve("sub")));
  }

  @Test
  void removesASingleFile() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");
    FolderRemoval.remove(file);

    assertFalse(Files.exists(file));
  }
}
