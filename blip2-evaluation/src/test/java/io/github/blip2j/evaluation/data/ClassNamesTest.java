package io.github.blip2j.evaluation.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ClassNamesTest {
  private final Path folder;

  ClassNamesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void names_orKeysWithNames() throws IOException {
    assertEquals(List.of("a cat", "dog"), names("a cat\ndog\n\n").names());
    ClassNames keyed = names("n02\tcrane\nn01\tcrane\n");
    assertEquals(List.of("n02", "n01"), keyed.keys());
    assertEquals(List.of("crane", "crane"), keyed.names());
  }

  @Test
  void blanksAndDuplicates_areRefused() {
    refused("cat\n \ndog\n", "line 2: class name expected, got a blank");
    refused("n01\tcat\nn02\t\n", "line 2: class name expected, got a blank");
    refused("cat\ndog\ncat\n", "line 3: class expected once, got cat on line 1 too");
    refused("cat\n", "class names expected on at least 2 lines, got 1");
  }

  @Test
  void templates_ofClip_are80() throws IOException {
    PromptTemplates clip = PromptTemplates.clip();

    assertEquals(80, new HashSet<>(clip.templates()).size());
    assertEquals("a bad photo of a dog.", clip.of("dog").get(0));
    Path file = Files.writeString(folder.resolve("templates.txt"), "a {}\n\na dog\n");
    var e = assertThrows(DataException.class, () -> PromptTemplates.read(file));
    assertEquals(
        file + ": templates: {} expected once, where the class name goes, got 'a dog'",
        e.getMessage());
  }

  @Test
  void labels_areNumbersKeysOrNames() throws IOException {
    ClassNames classes = names("n1\tcat\nn2\tdog\n");
    Path file =
        Files.writeString(
            folder.resolve("labels.jsonl"),
            """
            {"image": "a.png", "label": 1}
            {"image": "b.png", "label": "n1"}
            {"image": "c.png", "label": "dog"}
            """);

    assertEquals(
        List.of(
            new LabelledImage("a.png", 1),
            new LabelledImage("b.png", 0),
            new LabelledImage("c.png", 1)),
        LabelledImages.read(file, classes));
    Files.writeString(file, "{\"image\": \"a.png\", \"label\": 2}\n");
    var e = assertThrows(DataException.class, () -> LabelledImages.read(file, classes));
    assertEquals(file + ": line 1: label expected one of the 2 classes, got 2", e.getMessage());
  }

  @Test
  void labels_ofATable_areKeysNamesOrNumbers() throws IOException {
    ClassNames classes = names("n1\ta cat\n7\tdog\nn3\tbird\n");
    Path csv =
        Files.writeString(
            folder.resolve("labels.csv"), "filename,label\na.png,a cat\nb.png,7\nc.png,2\n");

    assertEquals(
        List.of(
            new LabelledImage("a.png", 0),
            new LabelledImage("b.png", 1), // a key before a number
            new LabelledImage("c.png", 2)),
        LabelledImages.read(csv, classes));
    Files.writeString(csv, "image,class\na.png,fox\n");
    var e = assertThrows(DataException.class, () -> LabelledImages.read(csv, classes));
    assertEquals(csv + ": row 1: label expected one of the 3 classes, got fox", e.getMessage());
    Files.writeString(csv, "image,label\na.png,dog\na.png,dog\n");
    e = assertThrows(DataException.class, () -> LabelledImages.read(csv, classes));
    assertEquals(csv + ": row 2: image expected once, got a.png again", e.getMessage());
    Files.writeString(csv, "image,label\na.png,\n");
    e = assertThrows(DataException.class, () -> LabelledImages.read(csv, classes));
    assertEquals(csv + ": row 1: key expected label or class, got image, image_id", e.getMessage());
  }

  @Test
  void folder_ofNoClass_isRefused() throws IOException {
    ClassNames classes = names("cat\ndog\n");
    Path images = Files.createDirectories(folder.resolve("images"));
    Files.createFile(Files.createDirectories(images.resolve("dog")).resolve("x.png"));
    Files.createDirectories(images.resolve(".ipynb_checkpoints"));

    assertEquals(
        List.of(new LabelledImage("dog/x.png", 1)), LabelledImages.folder(images, classes));
    Files.createDirectories(images.resolve("bird"));
    var e = assertThrows(DataException.class, () -> LabelledImages.folder(images, classes));
    assertEquals(
        images
            + ": folder expected to be named by a class, got bird, which the class list lacks; add"
            + " it to the list, or move it away",
        e.getMessage());
  }

  private ClassNames names(String text) throws IOException {
    return ClassNames.read(Files.writeString(folder.resolve("classes.txt"), text));
  }

  private void refused(String text, String message) {
    var e = assertThrows(DataException.class, () -> names(text));
    assertEquals(folder.resolve("classes.txt") + ": " + message, e.getMessage());
  }
}
