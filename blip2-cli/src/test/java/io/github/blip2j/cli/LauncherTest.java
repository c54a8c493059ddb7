package io.github.blip2j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code bin/blip2} hands to Java: a program in its place writes down its arguments. */
final class LauncherTest {
  private static final Path SCRIPT = Path.of("..", "bin", "blip2");

  private Path root;
  private Path home;

  LauncherTest(@TempDir Path folder) {
    this.root = folder.resolve("repository");
    this.home = folder.resolve("jdk");
  }

  @BeforeEach
  void build() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/env")), "a shell is needed");
    Files.createDirectories(root.resolve("bin"));
    root = root.toRealPath();
    Files.copy(SCRIPT, root.resolve("bin/blip2"));
    Files.createDirectories(root.resolve("blip2-cli/src/main"));
    Files.createDirectories(root.resolve("blip2-cli/target"));
    Files.writeString(root.resolve("pom.xml"), "");
    Files.writeString(root.resolve("blip2-cli/pom.xml"), "");
    Path built = Files.writeString(root.resolve("blip2-cli/target/blip2.built"), "");
    Files.setLastModifiedTime(built, FileTime.from(Instant.now().plusSeconds(60)));
    Files.createDirectories(home.resolve("bin"));
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"17.0.1\"\n");
    Path java = home.resolve("bin/java");
    Files.writeString(
        java,
        """
        #!/usr/bin/env bash
        printf '%s\\n' "$@"
        for each; do case $each in -XX:ArchiveClassesAtExit=*) printf '8 bytes.' >"${each#*=}" ;; esac; done
        exit ${EXIT:-0}
        """);
    assertTrue(java.toFile().setExecutable(true));
  }

  private Shell launch(Map<String, String> variables, String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of("bash", root + "/bin/blip2"));
    command.addAll(List.of(args));
    File out = root.resolve("out").toFile();
    File err = root.resolve("err").toFile();
    var builder = new ProcessBuilder(command).redirectOutput(out).redirectError(err);
    builder.directory(root.toFile());
    builder.environment().remove("BLIP2_CLASSPATH");
    builder.environment().remove("BLIP2_JAVA_OPTS");
    builder.environment().put("JAVA_HOME", home.toString());
    builder.environment().putAll(variables);
    Process process = builder.start();
    assertTrue(process.waitFor(1, TimeUnit.MINUTES), "an end within a minute expected");
    return new Shell(
        process.exitValue(), Files.readString(out.toPath()), Files.readString(err.toPath()));
  }

  private static String classPath(Shell shell) {
    List<String> arguments = shell.out().lines().toList();
    return arguments.get(arguments.indexOf("-cp") + 1);
  }

  @Test
  void start_withoutVariables_hasTheCommandAlone() throws Exception {
    Shell shell = launch(Map.of(), "caption", "a b.png");

    assertEquals("", shell.err());
    assertEquals(0, shell.exit());
    assertEquals(root + "/blip2-cli/target/lib/*", classPath(shell));
    assertTrue(shell.out().endsWith("io.github.blip2j.cli.Main\ncaption\na b.png\n"), shell.out());
  }

  @Test
  void start_classPathOfOnesOwn_followsTheCommands() throws Exception {
    Files.writeString(root.resolve("my family.jar"), "");
    Files.createDirectories(root.resolve("more"));
    String own = "my family.jar:more/*";

    Shell shell = launch(Map.of("BLIP2_CLASSPATH", own, "BLIP2_JAVA_OPTS", "-Xmx2g -Dx=1"));

    assertEquals("", shell.err());
    assertEquals(root + "/blip2-cli/target/lib/*:" + own, classPath(shell));
    assertTrue(shell.out().contains("-Xmx2g\n-Dx=1\n"), shell.out());
  }

  @Test
  void start_unpackedRelease_hasItsLibAndBuildsNothing() throws Exception {
    release("blip2-cli-1.0.jar");

    Shell shell = launch(Map.of("PATH", "/usr/bin:/bin"), "caption");

    assertEquals("", shell.err());
    assertEquals(0, shell.exit());
    assertEquals(root + "/lib/*", classPath(shell));
  }

  @Test
  void start_releaseWithoutItsJars_isRefused() throws Exception {
    release("other.jar");

    assertEquals(
        new Shell(
            1,
            "",
            "blip2: "
                + root
                + "/lib: the release's jars expected, got none; unpack the archive again, and leave"
                + " bin beside lib\n"),
        launch(Map.of(), "caption"));
  }

  /** Makes the folder one of an archive: {@code bin} beside {@code lib}, and no sources. */
  private void release(String jar) throws IOException {
    root = Files.createDirectories(root.resolveSibling("release")).toRealPath();
    Files.createDirectories(root.resolve("bin"));
    Files.copy(SCRIPT, root.resolve("bin/blip2"));
    Files.createDirectories(root.resolve("lib"));
    Files.writeString(root.resolve("lib").resolve(jar), "");
  }

  @Test
  void start_secondShortCommand_sharesTheClassesOfTheFirst() throws Exception {
    release("blip2-cli-1.0.jar");
    Path shared = root.resolve("blip2-17.0.1-8.jsa");

    Shell first = launch(Map.of(), "caption", "a.png");

    assertTrue(first.out().contains("-XX:ArchiveClassesAtExit=" + root), first.out());
    assertTrue(Files.exists(shared), "classes expected beside lib");
    Shell second = launch(Map.of(), "search", "a cat");
    assertTrue(second.out().contains("-XX:SharedArchiveFile=" + shared + "\n"), second.out());
  }

  @Test
  void start_classesOlderThanTheJars_areMadeAgain() throws Exception {
    release("blip2-cli-1.0.jar");
    launch(Map.of(), "caption", "a.png");
    Files.setLastModifiedTime(root.resolve("lib"), FileTime.from(Instant.now().plusSeconds(60)));

    Shell shell = launch(Map.of(), "caption", "a.png");

    assertTrue(shell.out().contains("-XX:ArchiveClassesAtExit="), shell.out());
  }

  @Test
  void start_partOfTheClassesAndLeftOvers_areRemovedAndMadeAgain() throws Exception {
    release("blip2-cli-1.0.jar");
    launch(Map.of(), "caption", "a.png");
    Path shared = Files.writeString(root.resolve("blip2-17.0.1-8.jsa"), "part");
    Path killed = Files.writeString(root.resolve("blip2-17.0.1.jsa.123"), "of a killed command");

    Shell shell = launch(Map.of(), "caption", "a.png");

    assertTrue(shell.out().contains("-XX:ArchiveClassesAtExit="), shell.out());
    assertEquals(8, Files.size(shared));
    assertTrue(Files.notExists(killed), "no left-overs expected");
  }

  @Test
  void start_failedCommand_leavesNoClassesAndItsExitCode() throws Exception {
    release("blip2-cli-1.0.jar");

    Shell shell = launch(Map.of("EXIT", "3"), "caption", "a.png");

    assertEquals(3, shell.exit());
    try (Stream<Path> files = Files.list(root)) {
      assertTrue(files.noneMatch(file -> file.toString().contains(".jsa")), "no classes expected");
    }
  }

  @Test
  void start_longCommandOrOptionsOfOnesOwn_makesNoClasses() throws Exception {
    release("blip2-cli-1.0.jar");

    for (Shell shell :
        List.of(
            launch(Map.of(), "serve"),
            launch(Map.of(), "caption", "a.png", "--model", "M"),
            launch(Map.of("BLIP2_JAVA_OPTS", "-Xmx1g"), "caption", "a.png"))) {
      assertFalse(shell.out().contains("Archive"), shell.out());
    }
  }

  @Test
  void start_classPathThatIsNotThere_isRefused() throws Exception {
    Files.writeString(root.resolve("a.jar"), "");

    assertEquals(
        new Shell(
            1,
            "",
            "blip2: BLIP2_CLASSPATH: jars and folders expected, got b.jar, which does not exist; mend"
                + " the path\n"),
        launch(Map.of("BLIP2_CLASSPATH", "a.jar:b.jar"), "caption"));
  }
}
