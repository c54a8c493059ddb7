package io.github.blip2j.cli;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.Flavour;
import io.github.blip2j.text.QuestionText;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code blip2 vqa}: visual question answering. */
@Command(
    name = "vqa",
    description = "Answers a question about images.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
final class VqaCommand implements Callable<Integer> {
  private static final String PLACE = "{}";

  private final Console console;

  @Mixin private TextOptions options = new TextOptions();

  @Option(names = "--question", required = true, paramLabel = "Q", description = "The question.")
  private String question = "";

  @Option(
      names = "--prompt",
      paramLabel = "P",
      description = "How to ask, {} where the question goes; 'Question: {} Answer:' by default.")
  private @Nullable String template;

  VqaCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    return TextRun.of(options, TextTask.ANSWER, this::prompt, console).run();
  }

  private String prompt() {
    boolean lavis = options.flavour() == Flavour.LAVIS;
    String words = lavis ? QuestionText.lavis().clean(question) : question.strip();
    String asked = Blip2.questionPrompt(words);
    if (template == null) {
      return asked;
    }
    if (!template.contains(PLACE)) {
      throw new IllegalArgumentException(
          "--prompt: template expected {} where the question goes, got '%s'".formatted(template));
    }
    return template.replace(PLACE, words);
  }
}
