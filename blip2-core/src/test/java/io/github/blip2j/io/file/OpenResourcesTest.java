package io.github.blip2j.io.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class OpenResourcesTest {
  private final List<String> closed = new ArrayList<>();

  @Test
  void closeAll_someFail_closesEachAndThrowsTheFirst() {
    List<Closeable> things = List.of(good("a"), bad("b"), good("c"), bad("d"), worse("e"));

    var thrown = assertThrows(IOException.class, () -> OpenResources.closeAll(things));

    assertEquals(List.of("a", "b", "c", "d", "e"), closed);
    assertEquals("b", thrown.getMessage());
    assertEquals(
        List.of("d", "e"),
        Arrays.stream(thrown.getSuppressed()).map(Throwable::getMessage).toList());
  }

  @Test
  void close_afterAFailure_closesBackwardsAndKeepsWhatFailed() {
    var thrown =
        assertThrows(
            IllegalStateException.class,
            () -> {
              try (var opened = new OpenResources()) {
                opened.add(good("a"));
                opened.add(bad("b"));
                opened.add(good("c"));
                throw new IllegalStateException("the way");
              }
            });

    assertEquals(List.of("c", "b", "a"), closed);
    assertEquals("the way", thrown.getMessage());
    assertEquals("b", thrown.getSuppressed()[0].getMessage());
  }

  @Test
  void keep_closesNothing() throws IOException {
    try (var opened = new OpenResources()) {
      opened.add(good("a"));
      assertEquals("owner", opened.keep("owner"));
    }

    assertEquals(List.of(), closed);
  }

  private Closeable good(String name) {
    return () -> closed.add(name);
  }

  private Closeable bad(String name) {
    return () -> {
      closed.add(name);
      throw new IOException(name);
    };
  }

  private Closeable worse(String name) {
    return () -> {
      closed.add(name);
      throw new IllegalStateException(name);
    };
  }
}
