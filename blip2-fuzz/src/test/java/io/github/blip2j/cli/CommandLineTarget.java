package io.github.blip2j.cli;

import io.github.blip2j.cli.console.Console;
import io.github.blip2j.fuzz.Scratch;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Command lines of real commands and options with likely and unlikely values, run in this process:
 * done, or refused in one line; never a fault of blip2 itself.
 */
public final class CommandLineTarget {
  private static final Path FOLDER = Scratch.folder("commands");

  /** Every command that ends by itself, with its own options: what picocli was told. */
  private static final List<Command> COMMANDS = commands();

  private static final List<String> FILES = files();
  private static final List<String> VALUES = values();

  private CommandLineTarget() {}

  /** Runs one command line. */
  public static void fuzzerTestOneInput(byte[] data) {
    List<String> args = arguments(data);
    var out = new StringWriter();
    var err = new StringWriter();
    Console console = console(out, err);
    int code = Blip2Command.run(console, args.toArray(new String[0]));
    String said = err.toString();
    Optional<String> fault =
        said.lines()
            .filter(line -> line.contains("fault in blip2") || line.contains("heap expected"))
            .findFirst();
    if (fault.isPresent()) {
      throw new AssertionError(fault.get() + " of " + args);
    }
    if (code < 0 || code > 2 || (code != 0 && said.isBlank() && out.toString().isBlank())) {
      throw new AssertionError("code " + code + " and no word of " + args);
    }
    if (said.chars().anyMatch(c -> c == 0x1B) || out.toString().indexOf(0x1B) >= 0) {
      throw new AssertionError("raw escapes of " + args);
    }
  }

  private record Command(List<String> words, List<OptionSpec> options) {}

  private static Console console(StringWriter out, StringWriter err) {
    return new Console(
        new PrintWriter(out),
        new PrintWriter(err),
        new ByteArrayInputStream(new byte[] {1, 2, 3}),
        false,
        Duration.ofSeconds(5),
        Map.of(
            "HF_HUB_OFFLINE", "1",
            "HF_HUB_CACHE", FOLDER.resolve("hub").toString(),
            "HOME", FOLDER.toString()));
  }

  private static List<Command> commands() {
    List<Command> commands = new ArrayList<>();
    add(Blip2Command.of(console(new StringWriter(), new StringWriter())), List.of(), commands);
    return commands;
  }

  /**
   * Adds a command and those below it; not {@code bench}, which takes minutes by design, nor {@code
   * serve}, which runs until it is stopped.
   */
  private static void add(CommandLine command, List<String> words, List<Command> commands) {
    if (words.contains("bench") || words.contains("serve")) {
      return;
    }
    commands.add(new Command(words, command.getCommandSpec().options()));
    command
        .getSubcommands()
        .forEach(
            (name, below) -> {
              List<String> longer = new ArrayList<>(words);
              longer.add(name);
              add(below, longer, commands);
            });
  }

  /**
   * The first byte chooses a command. Each argument takes three more: its kind, an option, and a
   * value.
   */
  private static List<String> arguments(byte[] data) {
    List<String> args = new ArrayList<>();
    if (data.length == 0) {
      return args;
    }
    Command command = at(COMMANDS, data[0]);
    args.addAll(command.words());
    for (int i = 1; i + 2 < data.length && args.size() < 16; i += 3) {
      args.add(argument(command, data[i] & 0x0F, data[i + 1], data[i + 2]));
    }
    if (command.words().contains("train")) {
      args.add("--max-steps=1");
      args.add("--batch-size=2");
    }
    return args;
  }

  /** A value alone, an option of the command as its type wants it, or an unlikely mixture. */
  private static String argument(Command command, int kind, byte which, byte value) {
    if (kind < 4) {
      return at(kind < 3 ? FILES : VALUES, value);
    }
    OptionSpec option = at((kind == 15 ? at(COMMANDS, value) : command).options(), which);
    String name = option.longestName();
    if (kind == 14) {
      return name;
    }
    if (kind > 10) {
      return name + "=" + at(VALUES, value);
    }
    if (option.arity().max() == 0) {
      return name;
    }
    Class<?> type = option.typeInfo().getAuxiliaryTypes()[0];
    if (Number.class.isAssignableFrom(type) || type.isPrimitive()) {
      return name + "=" + (value & 0x1F);
    }
    return name + "=" + at(type == Path.class ? FILES : VALUES, value);
  }

  private static <T> T at(List<T> list, byte index) {
    return list.get((index & 0xFF) % list.size());
  }

  private static List<String> values() {
    List<String> values =
        new ArrayList<>(
            List.of(
                "",
                "0",
                "1",
                "2",
                "3",
                "-1",
                "1.5",
                "1e9",
                "1e-300",
                "NaN",
                "Infinity",
                "2147483647",
                "2147483648",
                "9223372036854775807",
                "9999999999999999999999",
                "0x10",
                "\u0661",
                ".",
                "~",
                "a\0b",
                "\u0130",
                "a photo of",
                "\n",
                "\u001b[31mx",
                "\ud800",
                "%s%n%d",
                "${java.home}",
                "@nothing",
                "@",
                "*",
                "org/name",
                "org/name@rev",
                "org/name@",
                "a=b",
                "float32",
                "bfloat16",
                "int8",
                "hf",
                "lavis",
                "lavis,hf",
                "hf,hf",
                ",",
                "lavis-trained",
                "image",
                "text",
                "multimodal",
                "true",
                "false",
                "-",
                "--",
                "a.png/x",
                "linear",
                "cosine",
                "opt-2.7b"));
    values.addAll(FILES);
    values.add("@" + FOLDER.resolve("candidates.txt"));
    return values;
  }

  private static List<String> files() {
    try {
      Path picture = FOLDER.resolve("a.png");
      var image = new java.awt.image.BufferedImage(5, 4, java.awt.image.BufferedImage.TYPE_INT_RGB);
      ImageIO.write(image, "png", picture.toFile());
      Path captions =
          Files.writeString(
              FOLDER.resolve("captions.json"),
              "[{\"image\":\"a.png\",\"caption\":\"a cat\"},"
                  + "{\"image\":\"a.png\",\"caption\":\"two dogs\"}]");
      Path candidates = Files.writeString(FOLDER.resolve("candidates.txt"), "a cat\n\ntwo\n");
      Path empty = Files.write(FOLDER.resolve("empty"), new byte[0]);
      Path folder = Files.createDirectories(FOLDER.resolve("folder"));
      return List.of(
          picture.toString(),
          captions.toString(),
          candidates.toString(),
          empty.toString(),
          folder.toString(),
          FOLDER.toString(),
          FOLDER.resolve("none").toString(),
          FOLDER.resolve("out").toString());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
