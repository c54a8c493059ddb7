package io.github.blip2j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RetrievalSetTest {
  @TempDir Path folder;

  @Test
  void of_recordsOfOneImage_areOneImageWithAllTheirTexts() {
    RetrievalSet set =
        RetrievalSet.of(
            List.of(
                new CaptionRecord("b.png", List.of("one", "two"), null),
                new CaptionRecord("a.png", List.of("three"), null),
                new CaptionRecord("b.png", List.of("four"), "7")));

    assertEquals(List.of("b.png", "a.png"), set.images());
    assertEquals(List.of("one", "two", "three", "four"), set.texts());
    assertEquals(List.of(0, 0, 1, 0), set.imageOfText());
  }

  @Test
  void files_ofMissingPictures_namesThem() throws IOException {
    Files.createFile(folder.resolve("a.png"));
    var set = new RetrievalSet(List.of("1", "2", "a.png", "3", "\0"), List.of(), List.of());

    DataException e = assertThrows(DataException.class, () -> set.files(folder));

    assertEquals(
        folder + ": 5 images expected, got none of 4 (1, 2, 3, ...); check the folder",
        e.getMessage());
  }
}
