package io.github.blip2j.blip2.checkpoint.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.file.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TokenizerCopyTest {
  @TempDir Path from;
  @TempDir Path to;

  @Test
  void copy_files_keepsTheirBytes() throws IOException {
    Files.writeString(from.resolve("merges.txt"), "#version: 0.2\n");
    Files.writeString(from.resolve("other.txt"), "no tokenizer's");

    TokenizerCopy.copy(from, to);

    assertEquals("#version: 0.2\n", Files.readString(to.resolve("merges.txt")));
    assertFalse(Files.exists(to.resolve("other.txt")));
  }

  @Test
  void copy_pointerOfGitLfs_isRefused() throws IOException {
    Files.writeString(
        from.resolve("spiece.model"), "version https://git-lfs.github.com/spec/v1\noid sha256:00");

    var thrown = assertThrows(CheckpointException.class, () -> TokenizerCopy.copy(from, to));

    assertEquals(
        "spiece.model: a tokenizer's file expected, got a Git LFS pointer; run git lfs pull",
        thrown.getMessage());
    assertFalse(Files.exists(to.resolve("spiece.model")));
  }
}
