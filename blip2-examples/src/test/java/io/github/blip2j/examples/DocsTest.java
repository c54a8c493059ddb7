package io.github.blip2j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Compiles every Java block of the README and of the documents against the library.
 *
 * <p>A block is the body of a method that knows the names of {@link #KNOWN}. A comment in the line
 * above declares more, {@code <!-- java: with Blip2RetrievalModel model; long seed -->}, or says
 * that the block is members of a class: {@code <!-- java: members of io.github.blip2j.tensor -->}.
 * A block of a framework's code is an excerpt of a file that a module compiles, {@code <!-- java:
 * from blip2-examples-spring/src/main/java/... -->}, and is compared with it.
 */
final class DocsTest {
  private static final Path ROOT = Path.of("..");
  private static final Pattern BLOCK =
      Pattern.compile(
          "(?:<!-- java: (members of|with|from) (.+?) -->\\s*)?^ *```java\\n(.*?)^ *```",
          Pattern.MULTILINE | Pattern.DOTALL);

  private static final List<String> MODULES =
      List.of(
          "blip2-core",
          "blip2-vision",
          "blip2-qformer",
          "blip2-llm",
          "blip2-evaluation",
          "blip2-search",
          "blip2-lucene",
          "blip2-server",
          "blip2-langchain4j",
          "blip2-mcp");

  /** What a block may use without declaring it. */
  private static final String KNOWN =
      "String[] args; Path folder; Path file; Path output; Blip2 blip2; ImageTextMatcher matcher;"
          + " Image image; Image before; Image after; Image first; Image second;"
          + " List<Image> frames; List<Image> images; GenerationConfig config; Scope home;"
          + " ImageFeatures features; Tensor x; Parameter parameter; String question;"
          + " Tokenizer tokenizer; Params params;";

  private record Block(
      Path file, int line, String inPackage, String known, String from, String code) {
    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%s:%d", ROOT.relativize(file), line);
    }
  }

  @TestFactory
  Stream<DynamicTest> blocks(@TempDir Path classes) throws IOException {
    List<Block> blocks = new ArrayList<>();
    for (Path file : documents()) {
      blocks.addAll(blocksOf(file));
    }
    assertTrue(blocks.size() >= 10, "Java blocks expected in the documents, got " + blocks);
    return blocks.stream()
        .map(
            block ->
                DynamicTest.dynamicTest(
                    block.toString(), () -> assertEquals("", errorsOf(block, classes))));
  }

  @Test
  void block_withAWrongName_doesNotCompile(@TempDir Path classes) throws IOException {
    var block = new Block(ROOT.resolve("README.md"), 1, "", "", "", "blip2.captoin(image);");

    assertTrue(errorsOf(block, classes).contains("captoin"), "an error of the compiler expected");
  }

  @Test
  void excerpt_thatIsNotInItsFile_isFound(@TempDir Path classes) throws IOException {
    String from = "blip2-examples/src/main/java/io/github/blip2j/examples/CaptionImage.java";
    String code = "public final class CaptionImage {";
    Path readme = ROOT.resolve("README.md");

    assertEquals("", errorsOf(new Block(readme, 1, "", "", from, code), classes));
    assertTrue(
        errorsOf(new Block(readme, 1, "", "", from, "final class CaptionImage {"), classes)
            .contains("lines of " + from + " expected"));
  }

  private static List<Path> documents() throws IOException {
    List<Path> documents = new ArrayList<>(List.of(ROOT.resolve("README.md")));
    try (Stream<Path> files = Files.walk(ROOT.resolve("docs"))) {
      files
          .filter(file -> file.toString().endsWith(".md"))
          .filter(file -> !file.endsWith("spark.md")) // by a test of blip2-spark, which has Spark
          .sorted()
          .forEach(documents::add);
    }
    return documents;
  }

  private static List<Block> blocksOf(Path file) throws IOException {
    String text = Files.readString(file);
    List<Block> blocks = new ArrayList<>();
    Matcher found = BLOCK.matcher(text);
    while (found.find()) {
      int line = (int) text.substring(0, found.start(3)).lines().count();
      String kind = found.group(1);
      String more = found.group(2);
      String members = "members of".equals(kind) ? more : "";
      String known = "with".equals(kind) ? more + (more.endsWith("}") ? "" : ";") : "";
      String from = "from".equals(kind) ? more : "";
      blocks.add(new Block(file, line, members, known, from, found.group(3)));
    }
    return blocks;
  }

  private static String errorsOf(Block block, Path classes) throws IOException {
    if (!block.from.isEmpty()) {
      boolean excerpt =
          stripped(Files.readString(ROOT.resolve(block.from))).contains(stripped(block.code));
      return excerpt ? "" : block + ": lines of " + block.from + " expected, got\n" + block.code;
    }
    String code = block.code.replace("...", "");
    String source =
        block.inPackage.isEmpty()
            ? imports()
                + "class Document {"
                + KNOWN
                + block.known
                + "void block() throws Exception {"
                + code
                + "}}"
            : "package " + block.inPackage + ";" + imports() + membersOf(block, code);
    JavaCompiler compiler = Objects.requireNonNull(ToolProvider.getSystemJavaCompiler());
    var said = new StringWriter();
    List<String> options =
        List.of("-d", classes.toString(), "-cp", classPath(), "-proc:none", "-Xlint:none");
    compiler.getTask(said, null, null, options, null, List.of(new Source(source))).call();
    String errors = said.toString();
    return errors.contains("error:") ? block + "\n" + errors : "";
  }

  /** Whole lines, however they are indented. */
  private static String stripped(String code) {
    return code.lines().map(String::strip).collect(Collectors.joining("\n", "\n", "\n"));
  }

  /** Operations stand in a class beside those that they call. */
  private static String membersOf(Block block, String code) {
    boolean operation = block.inPackage.endsWith(".tensor");
    return "class Document {"
        + (operation
            ? "static Tensor unary(String op, Kernels.Unary f, Tensor x) { return x; }"
            : "")
        + code
        + "}";
  }

  /** All packages of the library, and what of Java the documents use. */
  private static String imports() throws IOException {
    var packages = new TreeSet<String>();
    for (String module : MODULES) {
      Path base = ROOT.resolve(module).resolve("src/main/java");
      try (Stream<Path> files = Files.walk(base)) {
        files
            .filter(file -> file.toString().endsWith(".java"))
            .map(file -> base.relativize(Objects.requireNonNull(file.getParent())).toString())
            .forEach(name -> packages.add(name.replace('/', '.').replace('\\', '.')));
      }
    }
    var imports = new StringBuilder();
    packages.forEach(name -> imports.append("import ").append(name).append(".*;"));
    return imports
        .append("import io.github.blip2j.nn.Module; import io.github.blip2j.tensor.Tensor;")
        .append("import io.github.blip2j.backend.Kernels; import io.github.blip2j.nn.Linear;")
        .append("import static io.github.blip2j.blip2.features.Feature.*;")
        .append("import java.io.IOException; import java.nio.file.*; import java.util.*;")
        .append("import java.util.stream.Stream;")
        .append("import static java.util.Objects.requireNonNull;")
        .append("import java.awt.image.BufferedImage; import javax.imageio.ImageIO;\n")
        .toString();
  }

  private static String classPath() {
    return System.getProperty("java.class.path");
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String code;

    Source(String code) {
      super(URI.create("string:///Document.java"), JavaFileObject.Kind.SOURCE);
      this.code = code;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return code;
    }
  }
}
