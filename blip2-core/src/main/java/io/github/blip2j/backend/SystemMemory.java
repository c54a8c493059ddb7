package io.github.blip2j.backend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The free memory of this machine within the limits of the process's control groups.
 *
 * <p>Control groups are nested, and the tightest limit holds. Version 2 has one tree for
 * everything, version 1 a tree for memory; if both are mounted, one of them limits memory. In a
 * container, the group's path in {@code /proc} may be the host's, of which the container sees the
 * root only; missing groups are skipped.
 */
final class SystemMemory {
  static final SystemMemory HERE = new SystemMemory(Path.of("/"));

  private static final long UNKNOWN_MACHINE = 4L << 30;

  private final Path meminfo;
  private final List<Group> groups;

  /** One control group: its folder, and the file names of its version. */
  private record Group(Path folder, String limit, String usage, String files) {
    long limitBytes() {
      return number(folder.resolve(limit), Long.MAX_VALUE);
    }

    long availableBytes() {
      // Page cache of the group can be dropped, so it counts as free.
      long dropped = field(folder.resolve("memory.stat"), files + " ", 0, 0);
      return limitBytes() - Math.max(0, number(folder.resolve(usage), 0) - dropped);
    }
  }

  /** Reads the system files below {@code root}. */
  SystemMemory(Path root) {
    this.meminfo = root.resolve("proc/meminfo");
    Path mounted = root.resolve("sys/fs/cgroup");
    this.groups = new ArrayList<>();
    addGroups(mounted, mounted); // the roots, whatever /proc states
    addGroups(mounted.resolve("memory"), mounted.resolve("memory"));
    for (String line : lines(root.resolve("proc/self/cgroup"))) { // number:controllers:/path
      String[] parts = line.split(":", 3);
      if (parts.length == 3 && (parts[1].isEmpty() || parts[1].contains("memory"))) {
        Path tree = parts[1].isEmpty() ? mounted : mounted.resolve("memory");
        Path group = tree.resolve(parts[2].replaceFirst("^/+", "")).normalize();
        if (group.startsWith(tree) && !group.equals(tree)) {
          addGroups(tree, group);
        }
      }
    }
  }

  /** Adds a group and its ancestors, up to and without the root of the tree. */
  private void addGroups(Path tree, Path innermost) {
    @Nullable Path group = innermost;
    do {
      if (Files.isReadable(group.resolve("memory.max"))) {
        groups.add(new Group(group, "memory.max", "memory.current", "file"));
      } else if (Files.isReadable(group.resolve("memory.limit_in_bytes"))) {
        groups.add(
            new Group(group, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_cache"));
      }
      group = group.getParent();
    } while (group != null && group.startsWith(tree) && !group.equals(tree));
  }

  /** Available bytes: the minimum over machine and groups. */
  long available() {
    long least = field(meminfo, "MemAvailable:", 10, Long.MAX_VALUE);
    for (Group group : groups) {
      least = Math.min(least, group.availableBytes());
    }
    return least;
  }

  /** Total bytes: those of the machine, or the limit of its groups. */
  long physical() {
    long least = field(meminfo, "MemTotal:", 10, UNKNOWN_MACHINE);
    for (Group group : groups) {
      least = Math.min(least, group.limitBytes());
    }
    return least;
  }

  /** The number that a file consists of, or {@code otherwise}, as for the word {@code max}. */
  private static long number(Path file, long otherwise) {
    try {
      String value = Files.isReadable(file) ? Files.readString(file).trim() : "max";
      return value.equals("max") ? otherwise : Long.parseLong(value);
    } catch (IOException | NumberFormatException e) {
      return otherwise;
    }
  }

  /** The number in a line {@code name number} of a file, times two to the {@code shift}. */
  private static long field(Path file, String name, int shift, long otherwise) {
    for (String line : lines(file)) {
      if (line.startsWith(name)) {
        return Long.parseLong(line.replaceAll("\\D", "")) << shift;
      }
    }
    return otherwise; // not Linux: malloc reports a shortage itself
  }

  private static List<String> lines(Path file) {
    try {
      return Files.isReadable(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException e) {
      return List.of();
    }
  }
}
