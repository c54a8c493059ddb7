package io.github.blip2j.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the files of Linux say of memory, from a folder in place of the root. */
final class SystemMemoryTest {
  private static final long MIB = 1L << 20;

  @TempDir Path root;

  @BeforeEach
  void writeMachine() throws IOException {
    write("proc/meminfo", "MemTotal:  65536 kB\nMemFree:  1 kB\nMemAvailable:  32768 kB\n");
  }

  private void write(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private void assertMebibytes(long physical, long available) {
    SystemMemory memory = new SystemMemory(root);
    assertEquals(physical, memory.physical() / MIB, "physical");
    assertEquals(available, memory.available() / MIB, "available");
  }

  private void writeGroup(String folder, String limit, long used, long files) throws IOException {
    write(folder + "/memory.max", limit + "\n");
    write(folder + "/memory.current", used * MIB + "\n");
    write(folder + "/memory.stat", "anon 5\nfile_mapped 7\nfile " + files * MIB + "\n");
  }

  @Test
  void available_noGroups_isTheMachines() {
    assertMebibytes(64, 32);
  }

  @Test
  void available_noMeminfo_isUnbounded() throws IOException {
    Files.delete(root.resolve("proc/meminfo"));
    SystemMemory memory = new SystemMemory(root);

    assertEquals(Long.MAX_VALUE, memory.available());
    assertEquals(4096, memory.physical() / MIB);
  }

  @Test
  void available_containersRoot_countsItsFilesAsFree() throws IOException {
    write("proc/self/cgroup", "0::/\n");
    writeGroup("sys/fs/cgroup", Long.toString(20 * MIB), 15, 4);

    assertMebibytes(20, 9);
  }

  @Test
  void available_nestedGroups_isThatOfTheTightest() throws IOException {
    write("proc/self/cgroup", "0::/user.slice/app.scope/inner\n");
    writeGroup("sys/fs/cgroup/user.slice", Long.toString(40 * MIB), 30, 0);
    writeGroup("sys/fs/cgroup/user.slice/app.scope", Long.toString(16 * MIB), 1, 0);
    writeGroup("sys/fs/cgroup/user.slice/app.scope/inner", "max", 1, 0);

    assertMebibytes(16, 10);
  }

  @Test
  void available_pathOfTheHost_fallsBackToTheRoot() throws IOException {
    write("proc/self/cgroup", "0::/docker/0123\n");
    writeGroup("sys/fs/cgroup", Long.toString(20 * MIB), 15, 0);

    assertMebibytes(20, 5);
  }

  @Test
  void available_pathOutOfItsTree_isPassedOver() throws IOException {
    write("proc/self/cgroup", "0::/../../outside\n");
    writeGroup("sys/outside", Long.toString(MIB), 1, 0);

    assertMebibytes(64, 32);
  }

  @Test
  void available_versionOne_readsItsNames() throws IOException {
    write("proc/self/cgroup", "12:cpu,cpuacct:/a\n4:memory:/a/b\n1:name=systemd:/a\n");
    String root1 = "sys/fs/cgroup/memory";
    write(root1 + "/memory.limit_in_bytes", "9223372036854771712\n");
    write(root1 + "/memory.usage_in_bytes", 60 * MIB + "\n");
    write(root1 + "/a/memory.limit_in_bytes", 24 * MIB + "\n");
    write(root1 + "/a/memory.usage_in_bytes", 20 * MIB + "\n");
    write(root1 + "/a/memory.stat", "cache 1\ntotal_cache " + 7 * MIB + "\n");
    write(root1 + "/a/b/memory.limit_in_bytes", 30 * MIB + "\n");

    assertMebibytes(24, 11);
  }
}
