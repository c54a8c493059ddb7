package io.github.blip2j.backend;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder that native libraries are unpacked to and loaded from. Users who can write there can
 * run code in this process, so only its user and root may.
 *
 * <p>JavaCPP uses the first writable one of three folders, the last of which is in the folder for
 * temporary files under a predictable name, which another user could create first. JNA does the
 * same. So the folder is chosen and checked here, by JavaCPP's rules, and set for both.
 */
public final class NativeFolder {
  static final String PROPERTY = "org.bytedeco.javacpp.cachedir";

  private static final String OTHER_SPELLING = "org.bytedeco.javacpp.cacheDir";
  private static final String JNA = "jna.tmpdir";
  private static final int STICKY = 01000; // only owners can rename or remove entries
  private static final int GROUP_WRITES = 020;
  private static final int OTHERS_WRITE = 02;

  private NativeFolder() {}

  /** The first use in this process. */
  private static final class Once {
    static {
      use();
    }

    private Once() {}

    static void prepare() {
      // The static initializer did it.
    }
  }

  /**
   * Sets the folder of JavaCPP and JNA, the first time. Whoever uses JNA before any tensor was made
   * calls it first; nothing is loaded.
   *
   * @throws IllegalStateException if every candidate folder is writable for others
   */
  public static void prepare() {
    Once.prepare();
  }

  /**
   * Sets the folder of JavaCPP and JNA.
   *
   * @throws IllegalStateException if every candidate folder is writable for others
   */
  static void use() {
    String chosen = choose(System.getProperty(PROPERTY, System.getProperty(OTHER_SPELLING)));
    System.setProperty(PROPERTY, chosen);
    @Nullable String jna = System.getProperty(JNA);
    if (jna == null) {
      System.setProperty(JNA, chosen);
    } else {
      requirePrivate(JNA, Path.of(jna));
    }
  }

  private static String choose(@Nullable String told) {
    String user = ".javacpp-" + System.getProperty("user.name");
    if (told != null) { // in a shared folder such as /tmp, a folder of the user's own
      return choose(List.of(Path.of(told), Path.of(told).resolve(user))).toString();
    }
    Path home = Path.of(System.getProperty("user.home"));
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    List<Path> folders = new ArrayList<>();
    if (home.isAbsolute()) { // Java's value for an unknown home is a question mark
      folders.add(home.resolve(".javacpp").resolve("cache"));
    }
    folders.add(temporary.resolve(user).resolve("cache"));
    return choose(folders).toString();
  }

  /** The first folder that no other user can write to. */
  static Path choose(List<Path> folders) {
    List<String> troubles = new ArrayList<>();
    for (Path folder : folders) {
      @Nullable String trouble = trouble(folder);
      if (trouble == null) {
        return folder;
      }
      troubles.add(folder + ", " + trouble);
    }
    throw refusal(PROPERTY, String.join(", and ", troubles));
  }

  private static void requirePrivate(String property, Path folder) {
    @Nullable String trouble = trouble(folder);
    if (trouble != null) {
      throw refusal(property, folder + ", " + trouble);
    }
  }

  private static IllegalStateException refusal(String property, String got) {
    return new IllegalStateException(
        property
            + ": folder for native libraries expected that nobody else can write, got "
            + got
            + "; name another with -D"
            + property
            + "=");
  }

  /**
   * The reason why libraries cannot be loaded from a folder, or null; creates the folder if it does
   * not exist.
   */
  static @Nullable String trouble(Path folder) {
    try {
      if (!folder.getFileSystem().supportedFileAttributeViews().contains("unix")) {
        Files.createDirectories(folder); // Windows protects users' folders by itself
        return Files.isWritable(folder) ? null : "which can't be written to";
      }
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Path real = folder.toRealPath();
      int user = user(real);
      @Nullable String writer = writer(real, user, OTHERS_WRITE);
      for (Path above = real.getParent(); above != null; above = above.getParent()) {
        writer = writer != null ? writer : writer(above, user, OTHERS_WRITE | STICKY);
      }
      return writer != null ? writer : inside(real, user);
    } catch (FileSystemException e) {
      String reason = e.getReason();
      return "which can't be written to" + (reason == null ? "" : " (" + reason + ")");
    } catch (IOException | UncheckedIOException e) {
      return "which can't be written to (" + e.getMessage() + ")";
    }
  }

  /** This user's id, read from a new file, because no property has it. */
  private static int user(Path folder) throws IOException {
    Path file = Files.createTempFile(folder, "probe", null);
    try {
      return (int) Files.getAttribute(file, "unix:uid");
    } finally {
      Files.delete(file);
    }
  }

  /** A description of other users who can write to an unpacked file, or null. */
  private static @Nullable String inside(Path folder, int user) throws IOException {
    List<Path> all;
    try (Stream<Path> files = Files.walk(folder)) {
      all = files.skip(1).toList();
    }
    for (Path file : all) {
      try {
        @Nullable String writer = writer(file, user, OTHERS_WRITE);
        if (writer != null) {
          return writer;
        }
      } catch (NoSuchFileException e) {
        // Another process created it for a moment.
      }
    }
    return null;
  }

  /** A description of other users who can write to a file or folder, or null. */
  private static @Nullable String writer(Path path, int user, int checked) throws IOException {
    Map<String, Object> told =
        Files.readAttributes(path, "unix:mode,uid,owner,group", LinkOption.NOFOLLOW_LINKS);
    int owner = (int) told.getOrDefault("uid", -1);
    int mode = (int) told.getOrDefault("mode", -1);
    if (owner != user && owner != 0) {
      return "of which " + path + " is another user's";
    }
    boolean held = (checked & STICKY) != 0 && (mode & STICKY) != 0;
    if (held || Files.isSymbolicLink(path)) { // a link's mode has no meaning, its owner has
      return null;
    }
    if ((mode & OTHERS_WRITE) != 0) {
      return "of which everybody can write " + path;
    }
    // A user's private group has the user's name.
    boolean shared = !nameOf(told, "group").equals(nameOf(told, "owner"));
    return (mode & GROUP_WRITES) != 0 && shared
        ? "of which the group " + nameOf(told, "group") + " can write " + path
        : null;
  }

  private static String nameOf(Map<String, Object> told, String who) {
    return String.valueOf(told.get(who));
  }
}
