package io.github.blip2j.cli.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.blip2j.cli.ranks.Mpirun;
import io.github.blip2j.cli.ranks.Mpirun.Ended;
import io.github.blip2j.distributed.InMemoryCollectives;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.file.ConfigJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Steps that several processes of LAVIS have made, by as many ranks. */
final class LavisRanksTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir private Path scratch;

  /** The golden folders of LAVIS, each with its steps of several processes. */
  static Stream<Arguments> worlds() throws IOException {
    List<Arguments> all =
        Fixtures.folders("LAVIS", folder -> Files.exists(folder.resolve("model.json"))).stream()
            .flatMap(folder -> names(folder).map(name -> Arguments.of(folder, name)))
            .toList();
    assertFalse(all.isEmpty(), "a step of several processes expected");
    return all.stream();
  }

  private static Stream<String> names(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.matches("expected_world\\d+\\.json"))
          .map(name -> name.replace(".json", ""))
          .sorted()
          .toList()
          .stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Stream<Arguments> launched() throws IOException {
    return worlds()
        .flatMap(
            world ->
                Stream.of(Mpirun.values())
                    .map(each -> Arguments.of(world.get()[0], world.get()[1], each)));
  }

  private static int size(Path folder, String world) throws IOException {
    return ConfigJson.read(folder.resolve(world + ".json")).childrenAt("ranks").size();
  }

  @ParameterizedTest
  @MethodSource("worlds")
  void threads_haveLavisLossesAndGradients(Path folder, String world) throws IOException {
    InMemoryCollectives.run(
        size(folder, world),
        LIMIT,
        each -> {
          try {
            LavisRank.compare(Ranks.of(each), folder, world);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  @ParameterizedTest
  @MethodSource("launched")
  void processes_haveLavisLossesAndGradients(Path folder, String world, Mpirun mpirun)
      throws Exception {
    int size = size(folder, world);

    Ended ended = mpirun.run(scratch, size, LavisRank.class, List.of(folder.toString(), world));

    assertEquals(0, ended.code(), ended.output());
    long equal = ended.output().lines().filter(line -> line.contains("equal on rank")).count();
    assertEquals(size, equal, ended.output());
  }
}
