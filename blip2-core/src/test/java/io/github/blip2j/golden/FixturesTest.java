package io.github.blip2j.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FixturesTest {

  private static List<String> names(Path folder, List<String> written) throws IOException {
    Path images = Files.createDirectory(folder.resolve("images"));
    for (String name : written) {
      Files.createFile(images.resolve(name));
    }
    return Fixtures.images(folder).stream().map(file -> file.getFileName().toString()).toList();
  }

  @Test
  void images_moreThanTen_standInTheOrderOfTheirNumbers(@TempDir Path folder) throws IOException {
    List<String> ordered =
        List.of(
            "0.png", "1.png", "2.png", "3.png", "4.png", "5.png", "6.png", "7.png", "8.png",
            "9.png", "10.png", "11.png", "100.png");

    assertEquals(ordered, names(folder, ordered.stream().sorted().toList()));
  }

  @Test
  void images_numbersWithinNames_countToo(@TempDir Path folder) throws IOException {
    List<String> ordered = List.of("a.png", "b2-10.png", "b2-11.png", "b10-1.png", "c007.png");

    assertEquals(ordered, names(folder, ordered.stream().sorted().toList()));
  }

  @Test
  void images_zerosBeforeNumbers_doNotCount(@TempDir Path folder) throws IOException {
    List<String> ordered = List.of("0.png", "7.png", "008.png", "9.png", "010.png");

    assertEquals(ordered, names(folder, ordered.stream().sorted().toList()));
  }
}
