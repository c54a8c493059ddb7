package io.github.blip2j.backend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The memory of this machine, and what the control groups around this process leave of it.
 *
 * <p>A process is in a group, that in another, and the tightest limit holds. Version 2 of control
 * groups has one tree, version 1 one for memory; where both are mounted, memory is in one of them.
 * In a container the path that a process is told may be the host's, of which the container shows
 * the root only; groups that are not there are passed over.
 */
final class SystemMemory {
  static final SystemMemory HERE = new SystemMemory(Path.of("/"));

  private static final long UNKNOWN_MACHINE = 4L << 30;

  private final Path meminfo;
  private final List<Group> groups;

  /** One group: its folder, and how its version spells what it tells. */
  private record Group(Path folder, String limit, String usage, String files) {
    long limitBytes() {
      return number(folder.resolve(limit), Long.MAX_VALUE);
    }

    long availableBytes() {
      // What the group holds of files can be dropped, so it counts as free.
      long dropped = field(folder.resolve("memory.stat"), files + " ", 0, 0);
      return limitBytes() - Math.max(0, number(folder.resolve(usage), 0) - dropped);
    }
  }

  /** Of a system whose files lie under {@code root}. */
  SystemMemory(Path root) {
    this.meminfo = root.resolve("proc/meminfo");
    Path mounted = root.resolve("sys/fs/cgroup");
    this.groups = new ArrayList<>();
    addGroups(mounted, mounted); // the roots, whatever the process is told
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

  /** A group and those around it, up to the root of their tree but for that itself. */
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

  /** Bytes that the system would still give: the least of machine and groups. */
  long available() {
    long least = field(meminfo, "MemAvailable:", 10, Long.MAX_VALUE);
    for (Group group : groups) {
      least = Math.min(least, group.availableBytes());
    }
    return least;
  }

  /** Bytes of memory in this machine, or what its groups may use of them. */
  long physical() {
    long least = field(meminfo, "MemTotal:", 10, UNKNOWN_MACHINE);
    for (Group group : groups) {
      least = Math.min(least, group.limitBytes());
    }
    return least;
  }

  /** The number that is all of a file; the word {@code max} is no number. */
  private static long number(Path file, long otherwise) {
    try {
      String value = Files.isReadable(file) ? Files.readString(file).trim() : "max";
      return value.equals("max") ? otherwise : Long.parseLong(value);
    } catch (IOException | NumberFormatException e) {
      return otherwise;
    }
  }

  /** A number in a file of lines {@code name number}, times two to the {@code shift}. */
  private static long field(Path file, String name, int shift, long otherwise) {
    for (String line : lines(file)) {
      if (line.startsWith(name)) {
        return Long.parseLong(line.replaceAll("\\D", "")) << shift;
      }
    }
    return otherwise; // not Linux: malloc's own answer has to do
  }

  private static List<String> lines(Path file) {
    try {
      return Files.isReadable(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException e) {
      return List.of();
    }
  }
}
