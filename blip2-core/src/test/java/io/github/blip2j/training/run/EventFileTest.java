package io.github.blip2j.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EventFileTest {
  /**
   * The same events by tensorboard 2.21 in Python: {@code RecordWriter} over {@code Event}
   * messages.
   */
  private static final String BY_TENSORBOARD =
      "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9"
          + "0f000000000000006d532b090900006040fc54d94110293a020801b43fc31c"
          + "33000000000000000ca72056090000b040fc54d94110ac022a250a110a0a747261696e2f6c6f7373"
          + "150000a03f0a100a0976616c2f6369646572150000c07fd2624929";

  private final Path folder;

  EventFileTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  @Test
  void events_areThoseOfTensorBoardToTheByte() throws IOException {
    Map<String, Double> scalars = new LinkedHashMap<>();
    scalars.put("train/loss", 1.25);
    scalars.put("val/cider", Double.NaN);
    try (var events = EventFile.create(folder, 1_700_000_000.25)) {
      events.writeStart(1_700_000_001.5, 41);
      events.writeScalars(1_700_000_002.75, 300, scalars);
    }

    assertEquals(BY_TENSORBOARD, HexFormat.of().formatHex(Files.readAllBytes(files().get(0))));
  }

  @Test
  void create_inTheSameSecond_makesALaterFile() throws IOException {
    EventFile.create(folder, 1_700_000_000.25).close();
    EventFile.create(folder, 1_700_000_000.75).close();

    String start = "events.out.tfevents.1700000000.blip2." + ProcessHandle.current().pid();
    assertEquals(
        List.of(start + ".0", start + ".1"),
        files().stream().map(file -> String.valueOf(file.getFileName())).toList());
  }
}
