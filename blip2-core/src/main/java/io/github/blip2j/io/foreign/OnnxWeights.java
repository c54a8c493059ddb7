package io.github.blip2j.io.foreign;

import io.github.blip2j.io.file.CheckpointException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The weights of an ONNX model as {@code torch.onnx} writes it: its initial values of type float32,
 * under the names of the PyTorch module. The weight of a dense layer, which the exporter transposes
 * and gives a name of its own, gets the module's name back from the node that uses it, and its
 * shape [out, in].
 */
public final class OnnxWeights {
  // Numbers of fields in onnx.proto3.
  private static final int MODEL_GRAPH = 7;
  private static final int GRAPH_NODE = 1;
  private static final int GRAPH_INITIALIZER = 5;
  private static final int NODE_INPUT = 1;
  private static final int NODE_NAME = 3;
  private static final int NODE_TYPE = 4;
  private static final int TENSOR_DIMS = 1;
  private static final int TENSOR_TYPE = 2;
  private static final int TENSOR_NAME = 8;
  private static final int TENSOR_RAW = 9;
  private static final int FLOAT = 1;

  private static final String PRODUCT = "MatMul";

  private OnnxWeights() {}

  /**
   * Reads the weights.
   *
   * @param where the file, for messages
   * @return tensors by name
   * @throws CheckpointException if the bytes are no model, or one that is quantised
   */
  public static Map<String, ForeignTensor> read(String where, ByteBuffer model)
      throws CheckpointException {
    ByteBuffer graphBytes = ProtoMessage.read(where, model).bytes(MODEL_GRAPH);
    if (graphBytes == null) {
      throw new CheckpointException(where + ": ONNX model expected with a graph, got none");
    }
    ProtoMessage graph = ProtoMessage.read(where, graphBytes);
    Map<String, ForeignTensor> initial = initializers(where, graph);
    Map<String, ForeignTensor> named = new TreeMap<>();
    for (ProtoMessage node : nodes(where, graph)) {
      if (node.text(NODE_TYPE).equals("DynamicQuantizeLinear")) {
        throw new CheckpointException(
            where + ": float32 weights expected, got a quantised model; take the one that isn't");
      }
      dense(node, initial, named);
    }
    initial.forEach(
        (name, tensor) -> {
          if (!name.startsWith("/") && !name.startsWith("onnx::")) {
            named.put(name, tensor);
          }
        });
    return Collections.unmodifiableMap(named);
  }

  /** Takes the weight of a dense layer, {@code x · W}, out of the values without a module. */
  private static void dense(
      ProtoMessage node, Map<String, ForeignTensor> initial, Map<String, ForeignTensor> named) {
    List<String> inputs = node.texts(NODE_INPUT);
    if (!node.text(NODE_TYPE).equals(PRODUCT) || inputs.size() != 2) {
      return;
    }
    ForeignTensor weight = initial.get(inputs.get(1));
    String name = node.text(NODE_NAME);
    if (weight != null && weight.shape().rank() == 2 && name.endsWith("/" + PRODUCT)) {
      String module = name.substring(0, name.length() - PRODUCT.length() - 1);
      String path = module.startsWith("/") ? module.substring(1) : module;
      named.put(path.replace('/', '.') + ".weight", weight.transposed());
    }
  }

  private static List<ProtoMessage> nodes(String where, ProtoMessage graph)
      throws CheckpointException {
    List<ProtoMessage> nodes = new ArrayList<>();
    for (ByteBuffer bytes : graph.all(GRAPH_NODE)) {
      nodes.add(ProtoMessage.read(where, bytes));
    }
    return nodes;
  }

  private static Map<String, ForeignTensor> initializers(String where, ProtoMessage graph)
      throws CheckpointException {
    Map<String, ForeignTensor> all = new LinkedHashMap<>();
    for (ByteBuffer bytes : graph.all(GRAPH_INITIALIZER)) {
      ProtoMessage tensor = ProtoMessage.read(where, bytes);
      ByteBuffer raw = tensor.bytes(TENSOR_RAW);
      if (tensor.number(TENSOR_TYPE, 0) == FLOAT && raw != null) {
        String name = tensor.text(TENSOR_NAME);
        all.put(name, ForeignTensor.of(where + ": " + name, tensor.numbers(TENSOR_DIMS), raw));
      }
    }
    return all;
  }
}
