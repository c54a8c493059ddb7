package io.github.blip2j.server.models;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The two kinds of models, by what they can do. */
public enum ModelKind {
  /** A model with a language model. */
  GENERATE("generate", Set.of(Task.CAPTION, Task.ANSWER, Task.RANK)),
  /** A model of the first stage. */
  MATCH("match", Set.of(Task.MATCH, Task.EXPLAIN, Task.EMBED));

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
  private final Set<Task> tasks;

  ModelKind(String label, Set<Task> tasks) {
    this.label = label;
    this.tasks = tasks;
  }

  /** As the API spells it. */
  public String label() {
    return label;
  }

  /** Whether models of this kind can do the task. */
  public boolean can(Task task) {
    return tasks.contains(task);
  }

  /** What models of this kind can do. */
  public List<Task> tasks() {
    return tasks.stream().sorted().toList();
  }
}
