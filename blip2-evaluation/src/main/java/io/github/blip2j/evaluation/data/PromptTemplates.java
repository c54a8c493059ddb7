package io.github.blip2j.evaluation.data;

import io.github.blip2j.data.DataException;
import io.github.blip2j.io.file.TextFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * Prompts for classification, whose text vectors are averaged (Radford et al. 2021, section 3.1.4).
 *
 * @param templates each with {@code {}} once, where the class name goes
 */
public record PromptTemplates(List<String> templates) {
  private static final String PLACE = "{}";

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if there is no template, or one without a place for the name
   */
  public PromptTemplates {
    templates = List.copyOf(templates);
    if (templates.isEmpty()) {
      throw new IllegalArgumentException("templates: prompts expected at least 1, got none");
    }
    for (String each : templates) {
      int at = each.indexOf(PLACE);
      if (at < 0 || each.indexOf(PLACE, at + 1) >= 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "templates: %s expected once, where the class name goes, got '%s'",
                PLACE,
                each));
      }
    }
  }

  /** The 80 prompts that CLIP uses for ImageNet. */
  public static PromptTemplates clip() {
    InputStream in =
        Objects.requireNonNull(PromptTemplates.class.getResourceAsStream("clip-templates.txt"));
    try (var text = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return new PromptTemplates(text.lines().toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads templates, one on each line; blank lines are ignored.
   *
   * @throws DataException if a line has no place for the name, or there is none
   */
  public static PromptTemplates read(Path file) throws IOException {
    List<String> lines =
        TextFile.lines(file, "prompt templates").stream().filter(line -> !line.isBlank()).toList();
    try {
      return new PromptTemplates(lines);
    } catch (IllegalArgumentException e) {
      throw new DataException(file + ": " + e.getMessage(), e);
    }
  }

  /** The prompts of a class. */
  public List<String> of(String name) {
    return templates.stream().map(template -> template.replace(PLACE, name)).toList();
  }
}
