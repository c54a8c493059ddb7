package io.github.blip2j.server.models;

import java.util.List;
import java.util.Locale;

/** The two kinds of models, by what they can do. */
public enum ModelKind {
  /** A model with a language model. */
  GENERATE("generate"),
  /** A model of the first stage. */
  MATCH("match");

  /** Something that a client asks for. */
  public enum Task {
    CAPTION,
    ANSWER,
    RANK,
    MATCH,
    EXPLAIN,
    EMBED;

    /** As the API spells it. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final String label;

  ModelKind(String label) {
    this.label = label;
  }

  /** As the API spells it. */
  public String label() {
    return label;
  }

  /** Whether models of this kind can do the task. */
  public boolean can(Task task) {
    return tasks().contains(task);
  }

  /** What models of this kind can do. */
  public List<Task> tasks() {
    return switch (this) {
      case GENERATE -> List.of(Task.CAPTION, Task.ANSWER, Task.RANK);
      case MATCH -> List.of(Task.MATCH, Task.EXPLAIN, Task.EMBED);
    };
  }
}
