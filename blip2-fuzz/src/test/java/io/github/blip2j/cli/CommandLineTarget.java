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

/**
 * Command lines of real commands and options with likely and unlikely values, run in this process:
 * done, or refused in one line; never a fault of blip2 itself.
 */
public final class CommandLineTarget {
  private static final Path FOLDER = Scratch.folder("commands");

  private static final String[] COMMANDS = {
    "caption",
    "vqa",
    "rank",
    "match",
    "embed",
    "evaluate retrieval",
    "train stage1",
    "train stage2",
    "convert",
    "download",
    "doctor",
    "help",
    "evaluate",
    "train",
    ""
  };

  private static final String[] OPTIONS =
      ("--dtype --exif --threads --json --debug --model --language --vision --bert --convention"
              + " --flavour --echo"
              + " --stream --num-beams --max-new-tokens --min-new-tokens --length-penalty"
              + " --repetition-penalty --no-repeat-ngram-size --early-stopping --num-return"
              + " --sample --top-p --top-k --temperature --seed --prompt --question --context"
              + " --candidate --candidates --normalise --preselect --text --cam --cam-words"
              + " --layer --kind --out --skip-unreadable --images --k --data --captions"
              + " --skip-faulty --batch-size --image-size --augment --resume --export --epochs"
              + " --max-steps --lr --min-lr --warmup-lr --warmup-steps --schedule --lr-decay-rate"
              + " --weight-decay --beta2 --accumulate --clip-norm --log-every --checkpoint-every"
              + " --stage1 --max-text-tokens --max-output-tokens --prefix-split"
              + " --no-language-dropout --train-vision --recompute --from --keep-key-bias"
              + " --heads-vision --heads-qformer --trained --revision --include --exclude --cache"
              + " --offline --help --version --")
          .split(" ");

  private static final List<String> VALUES = values();

  private CommandLineTarget() {}

  /** Runs one command line. */
  public static void fuzzerTestOneInput(byte[] data) {
    List<String> args = arguments(data);
    var out = new StringWriter();
    var err = new StringWriter();
    var console =
        new Console(
            new PrintWriter(out),
            new PrintWriter(err),
            new ByteArrayInputStream(new byte[] {1, 2, 3}),
            false,
            Duration.ofSeconds(5),
            Map.of(
                "HF_ENDPOINT", "http://127.0.0.1:9",
                "HF_HUB_CACHE", FOLDER.resolve("hub").toString(),
                "HOME", FOLDER.toString()));
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

  private static List<String> arguments(byte[] data) {
    List<String> args = new ArrayList<>();
    if (data.length == 0) {
      return args;
    }
    String command = COMMANDS[(data[0] & 0xFF) % COMMANDS.length];
    if (!command.isEmpty()) {
      args.addAll(List.of(command.split(" ")));
    }
    int at = 1;
    while (at < data.length && args.size() < 16) {
      int choice = data[at++] & 0xFF;
      if (choice >= 140 || at == data.length) {
        args.add(VALUES.get(choice % VALUES.size()));
        continue;
      }
      String option = OPTIONS[choice % OPTIONS.length];
      String value = VALUES.get((data[at++] & 0xFF) % VALUES.size());
      if (choice % 3 == 0) {
        args.add(option);
      } else {
        args.add(option + "=" + value);
      }
    }
    if (command.startsWith("train")) {
      args.add("--max-steps=1");
      args.add("--batch-size=2");
    }
    return args;
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
      values.addAll(
          List.of(
              picture.toString(),
              captions.toString(),
              candidates.toString(),
              empty.toString(),
              folder.toString(),
              FOLDER.toString(),
              FOLDER.resolve("none").toString(),
              FOLDER.resolve("out").toString(),
              "@" + candidates));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return values;
  }
}
