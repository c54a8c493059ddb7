package io.github.blip2j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.torch.TorchFile;
import io.github.blip2j.io.torch.TorchFileTest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files with what people keep beside weights, and the ways in which they wrap tensors. */
final class TorchBesideTest {
  private static final Path GOLDEN = Fixtures.own("torch");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "numpy1_protocol2",
        "numpy1_protocol5",
        "numpy2_protocol2",
        "numpy2_protocol3",
        "numpy2_protocol4",
        "numpy2_protocol5"
      })
  void open_everythingBesideWeights_isPassedOver(String name) throws IOException {
    try (Checkpoint file = Checkpoint.open(GOLDEN.resolve("beside").resolve(name + ".pth"))) {
      assertEquals(
          Set.of(
              "w",
              "w_attribute",
              "w_buffer",
              "w_grad",
              "w_mine",
              "w_of_type",
              "w_parameter",
              "w_slots",
              "w_state",
              "w_typed"),
          file.tensors().keySet());
      for (String tensor : file.tensors().keySet()) {
        ByteBuffer bytes = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        file.read(tensor, bytes);
        for (int i = 0; i < 6; i++) {
          assertEquals(i, bytes.getFloat(4 * i), tensor);
        }
      }
      assertEquals(23, file.passedOver().size(), file.passedOver().toString());
      assertEquals("argparse.Namespace", file.passedOver().get("namespace"));
      assertEquals("omegaconf.listconfig.ListConfig", file.passedOver().get("omegaconf"));
      assertEquals("a list of 10", file.passedOver().get("arrays"));
      assertEquals("a tensor", file.passedOver().get("step"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "utc, w, 1.3691395223140717",
    "rng_p5, w, 1.9168928861618042",
    "int_class_zip, w, 0.8814774006605148",
    "omega_list_zip, w, -1.182127196341753",
    "model_args, w, 3.0661749839782715",
  })
  void open_fileOfPyTorch_hasOneTensor(String name, String tensor, double sum) throws IOException {
    try (Checkpoint file = Checkpoint.open(GOLDEN.resolve("cases").resolve(name + ".pth"))) {
      assertEquals(Set.of(tensor), file.tensors().keySet());
      assertEquals(sum, file.summary(tensor).sum(), 1e-12);
    }
  }

  @Test
  void read_negativeView_hasTheOtherSign() throws IOException {
    try (TorchFile file = TorchFile.open(GOLDEN.resolve("cases/neg_zip.pth"))) {
      ByteBuffer bytes = TorchFileTest.bytes(file, "x").order(ByteOrder.LITTLE_ENDIAN);

      assertEquals(0.588469922542572, bytes.getFloat(), 1e-7);
      assertEquals(-0.11388503015041351, bytes.getFloat(), 1e-7);
      assertEquals(0.26755452156066895, bytes.getFloat(), 1e-7);
    }
  }

  @Test
  void open_keysThatAreTuples_areSpelledAsPythonDoes() throws IOException {
    try (TorchFile file = TorchFile.open(GOLDEN.resolve("cases/tuple_keys.pth"))) {
      assertEquals(List.of("('a', 1)", "('b', 2)", "w"), List.copyOf(file.tensors().keySet()));
    }
  }

  @Test
  void open_tensorWithAttribute_isRead() throws IOException {
    try (TorchFile file = TorchFile.open(GOLDEN.resolve("cases/attr.pth"))) {
      assertEquals(List.of("w", "z"), List.copyOf(file.tensors().keySet()));
    }
  }
}
