package io.github.blip2j.llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.llm.RelativePositions.Buckets;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(InScope.class)
final class RelativePositionsTest {
  private static final int HEADS = 3;

  /** Where transformers 5.18 changes the bucket, as {@code distance:bucket} from there on. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          16 | 128 | true  | 140 | -140:15 -90:14 -63:13 -45:12 -31:11 -22:10 -15:9 -11:8 -7:7 -6:6 -5:5 -4:4 -3:3 -2:2 -1:1 0:0 1:17 2:18 3:19 4:20 5:21 6:22 7:23 8:24 12:25 16:26 23:27 32:28 46:29 64:30 91:31
          32 | 128 | false | 140 | -140:31 -112:30 -98:29 -86:28 -76:27 -66:26 -58:25 -51:24 -45:23 -39:22 -34:21 -30:20 -26:19 -23:18 -20:17 -18:16 -15:15 -14:14 -13:13 -12:12 -11:11 -10:10 -9:9 -8:8 -7:7 -6:6 -5:5 -4:4 -3:3 -2:2 -1:1 0:0
          4  | 20  | true  | 60  | -60:3 -6:2 -1:1 0:0 1:5 2:6 7:7
          8  | 20  | false | 60  | -60:7 -13:6 -8:5 -5:4 -3:3 -2:2 -1:1 0:0
          10 | 37  | false | 60  | -60:9 -24:8 -16:7 -11:6 -7:5 -4:4 -3:3 -2:2 -1:1 0:0
          5  | 37  | true  | 60  | -60:4 -13:3 -5:2 -1:1 0:0 1:6 2:7 6:8 14:9
          """)
  void bucket_ofEveryDistance_equalsReference(
      int count, int maxDistance, boolean bothWays, int farthest, String changes) {
    var buckets = new Buckets(count, maxDistance, bothWays);
    var ours = new StringBuilder();
    int last = -1;

    for (int distance = -farthest; distance <= farthest; distance++) {
      int bucket = buckets.of(distance);
      if (bucket != last) {
        ours.append(distance).append(':').append(bucket).append(' ');
      }
      last = bucket;
    }

    assertEquals(changes.strip(), ours.toString().strip());
  }

  @Test
  void bias_morePositionsThanPairsHaveRoom_isRefused(Scope scope) {
    var positions = RelativePositions.bidirectional(config(), params(scope));

    var thrown = assertThrows(IllegalArgumentException.class, () -> positions.bias(46_341, 46_341));

    assertTrue(
        String.valueOf(thrown.getMessage())
            .endsWith(
                ": positions expected at most 46340, for each pair of them has a distance, got"
                    + " 46341; shorten the prompt"),
        thrown.getMessage());
  }

  @Test
  void bias_ofNewestPositions_isTheEndOfTheWhole(Scope scope) {
    var positions = RelativePositions.causal(config(), params(scope));

    float[] whole = bias(positions, 9, 9);
    float[] newest = bias(positions, 2, 9);

    for (int h = 0; h < HEADS; h++) {
      assertArrayEquals(
          Arrays.copyOfRange(whole, h * 81 + 63, h * 81 + 81),
          Arrays.copyOfRange(newest, h * 18, h * 18 + 18));
    }
  }

  @ParameterizedTest
  @CsvSource({"true, 4", "false, 8"})
  void bias_ofAllPositions_isTheTablesRowOfEachDistance(boolean bothWays, int count, Scope scope) {
    Params params = params(scope);
    var positions =
        bothWays
            ? RelativePositions.bidirectional(config(), params)
            : RelativePositions.causal(config(), params);
    var buckets = new Buckets(count, 20, bothWays);
    var table = params.all().get("weight");
    assertNotNull(table);
    float[] rows = table.value().toFloats();

    float[] bias = bias(positions, 30, 30);

    for (int h = 0; h < HEADS; h++) {
      for (int t = 0; t < 30; t++) {
        for (int s = 0; s < 30; s++) {
          float expected = rows[buckets.of(s - t) * HEADS + h];
          assertEquals(expected, bias[(h * 30 + t) * 30 + s], "head " + h + " " + t + " to " + s);
        }
      }
    }
  }

  private static float[] bias(RelativePositions positions, int targets, int sources) {
    Tensor bias = positions.bias(targets, sources).tensor();
    assertNotNull(bias);
    bias.shape().require("test", "bias", 1, HEADS, targets, sources);
    return bias.toFloats();
  }

  private static T5Config config() {
    return TinyT5.config(true, true);
  }

  private static Params params(Scope scope) {
    return Params.root(Weights.random(new Random(7)), scope);
  }
}
