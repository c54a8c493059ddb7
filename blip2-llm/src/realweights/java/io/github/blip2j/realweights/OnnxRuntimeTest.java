package io.github.blip2j.realweights;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.pretraining.parts.BertImport;
import io.github.blip2j.qformer.BertInput;
import io.github.blip2j.qformer.BertModel;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** MiniLM converted here, and the file it came from in ONNX Runtime, in the same process. */
final class OnnxRuntimeTest {
  @TempDir private Path folder;

  @Test
  void miniLm_statesAreThoseOfOnnxRuntime() throws IOException, OrtException {
    Path miniLm = folder.resolve("minilm");
    BertImport.of(RealWeights.miniLm(), 12).write(miniLm);
    double largest = 0;
    var environment = OrtEnvironment.getEnvironment();
    try (Scope home = Scope.detached();
        var options = new OrtSession.SessionOptions();
        OrtSession session = environment.createSession(RealWeights.miniLmOnnx(), options)) {
      BertModel model = BertModel.load(miniLm, home);
      for (int[] ids : RealWeights.ids(miniLm)) {
        float[][] theirs = states(environment, session, ids);
        try (Scope scope = Scope.open()) {
          var input = BertInput.ofIds(Tensor.ids(ids).reshape(1, ids.length));
          Tensor states = model.forward(input, ForwardPass.evaluation());
          float[][] ours = states.select(0, 0).copy().toFloatRows();
          for (int t = 0; t < ours.length; t++) {
            for (int i = 0; i < ours[t].length; i++) {
              largest = Math.max(largest, Math.abs(ours[t][i] - theirs[t][i]));
            }
          }
        }
      }
    }
    assertTrue(RealWeights.told("MiniLM and ONNX Runtime", largest) < 1e-5, "" + largest);
  }

  private static float[][] states(OrtEnvironment environment, OrtSession session, int... ids)
      throws OrtException {
    long[][] tokens = new long[1][ids.length];
    long[][] ones = new long[1][ids.length];
    for (int i = 0; i < ids.length; i++) {
      tokens[0][i] = ids[i];
      ones[0][i] = 1;
    }
    try (var input = OnnxTensor.createTensor(environment, tokens);
        var mask = OnnxTensor.createTensor(environment, ones);
        var types = OnnxTensor.createTensor(environment, new long[1][ids.length])) {
      Map<String, OnnxTensor> inputs =
          new HashMap<>(Map.of("input_ids", input, "attention_mask", mask));
      for (String name : List.copyOf(session.getInputNames())) {
        inputs.putIfAbsent(name, types);
      }
      try (var result = session.run(inputs)) {
        return ((float[][][]) result.get(0).getValue())[0];
      }
    }
  }
}
