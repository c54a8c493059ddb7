package io.github.blip2j.vision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Towers trained at 32 pixels, in patches of 8, read for pictures of 48. */
@ExtendWith(InScope.class)
final class ResizedPositionsTest {
  private static final int LARGER = 48;

  /** What the checkpoint holds beside its vision encoder. */
  private static final List<String> OTHERS =
      List.of("ln_vision.*", "Qformer.*", "query_tokens", "*_proj.*", "itm_head.*", "temp");

  private static Checkpoint checkpoint(VisionTransformerKind kind) throws IOException {
    String folder = kind == VisionTransformerKind.CLIP ? "lavis-stage1-clip" : "lavis-stage1";
    return Checkpoint.open(Fixtures.own(folder).resolve("checkpoint.pth"));
  }

  private static Weights weights(Checkpoint checkpoint, VisionTransformerConfig config) {
    KeyMap.Builder keys = KeyMap.builder();
    for (String other : OTHERS) {
      keys.ignore(other);
    }
    LavisVisionNames.add(keys, config, "vision", "visual_encoder");
    return new CheckpointWeights("checkpoint.pth", checkpoint, keys.build());
  }

  @ParameterizedTest
  @EnumSource(names = {"EVA", "CLIP"})
  void read_anotherSize_isWhatTheSmallTowerInterpolates(VisionTransformerKind kind, Scope scope)
      throws IOException {
    VisionTransformerConfig small = LavisVisionParityTest.config(kind);
    VisionTransformerConfig large = small.withImageSize(LARGER);
    try (Checkpoint checkpoint = checkpoint(kind)) {
      Weights stored = weights(checkpoint, small);
      var before = new VisionTransformer(small, Params.root(stored, scope).at("vision"));
      Params params = Params.root(ResizedPositions.of(stored, large, "vision"), scope);
      var after = new VisionTransformer(large, params.at("vision"));
      params.finish();
      Tensor pixels = NoisyWeights.tensor(new Random(7), 1, 3, LARGER, LARGER);

      Tensor y = after.forward(pixels, ForwardPass.evaluation());

      Tensor expected = before.forward(pixels, ForwardPass.evaluation());
      Golden.assertClose("y", expected.toFloats(), y.toFloats(), 0);
      Parameter positions = params.all().get("vision.positions");
      assertEquals(37, positions == null ? 0 : positions.value().dim(-2));
    }
  }

  @Test
  void read_theSameSize_isWhatIsStored(Scope scope) throws IOException {
    VisionTransformerConfig config = LavisVisionParityTest.config(VisionTransformerKind.EVA);
    try (Checkpoint checkpoint = checkpoint(VisionTransformerKind.EVA)) {
      Weights stored = weights(checkpoint, config);

      Weights resized = ResizedPositions.of(stored, config, "vision");

      assertEquals(stored.find("vision.positions"), resized.find("vision.positions"));
      assertEquals("checkpoint.pth", resized.origin());
    }
  }

  @Test
  void read_anotherWidth_isTheLoadersToRefuse(Scope scope) throws IOException {
    VisionTransformerConfig config = TinyVision.of(VisionTransformerKind.EVA, 0, 0);
    try (Checkpoint checkpoint = checkpoint(VisionTransformerKind.EVA)) {
      Weights resized = ResizedPositions.of(weights(checkpoint, config), config, "vision");
      Params params = Params.root(resized, scope);
      new VisionTransformer(config, params.at("vision"));

      var e = assertThrows(CheckpointException.class, params::finish);

      assertEquals(
          "checkpoint.pth: tensors expected to fit the configuration, got 4 of another shape or type"
              + " (vision.classToken: checkpoint tensor expected [1, 1, 10], got [1, 1, 48],"
              + " vision.positions: checkpoint tensor expected [1, 10, 10], got [1, 17, 48],"
              + " vision.patches.weight: checkpoint tensor expected [10, 3, 4, 4], got [48, 3, 8,"
              + " 8], vision.patches.bias: checkpoint tensor expected [10], got [48])",
          e.getMessage());
    }
  }
}
