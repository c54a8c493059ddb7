package io.github.blip2j.io.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.PickleBytes;
import io.github.blip2j.io.file.CheckpointException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Which dict of a file is the model's, and what its tensors are called. */
@Timeout(60)
final class StateDictTest {
  private static final long[] SIZE = {2, 3};
  private static final long[] STRIDE = {3, 1};

  private final Path folder;

  StateDictTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void open_modelOfArguments_doesNotHideTheStateDict() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}');
    pickle.text("model").ops('}').text("depth").ops('K', 3, 's', 's');
    tensor(pickle.text("state_dict").ops('}'), "w").ops('s');

    try (TorchFile file = TorchFile.open(pickle.saveIn(folder))) {
      assertEquals(List.of("w"), List.copyOf(file.tensors().keySet()));
      assertEquals("{model=a dict of 1}", file.passedOver().toString());
    }
  }

  @Test
  void open_tensorsInLists_areToldOf() throws IOException {
    PickleBytes pickle = tensor(PickleBytes.start().ops('}'), "w");
    pickle.text("l").ops(']').rebuild("F", 6, 0, SIZE, STRIDE).ops('a', 's');
    pickle.text("d").ops('}').text("x").ops(']');
    pickle.rebuild("F", 6, 0, SIZE, STRIDE).ops('a').rebuild("F", 6, 0, SIZE, STRIDE).ops('a');
    pickle.ops('s', 's').text("e").ops(']', 'K', 3, 'a', 's');

    try (TorchFile file = TorchFile.open(pickle.saveIn(folder))) {
      assertEquals(List.of("w"), List.copyOf(file.tensors().keySet()));
      assertEquals(
          "{d=a dict of 1 with 2 tensors, e=a list of 1, l=a list of 1 with a tensor}",
          file.passedOver().toString());
    }
  }

  @Test
  void open_severalHolders_takesTheOneWithTheMostTensors() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}');
    tensor(pickle.text("model").ops('}'), "weights_of_classes").ops('s');
    tensor(tensor(pickle.text("model_state_dict").ops('}'), "a"), "b").ops('s');

    assertEquals(List.of("a", "b"), names(pickle));
  }

  @Test
  void open_equalHolders_takesTheModel() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}');
    tensor(pickle.text("state_dict").ops('}'), "b").ops('s');
    tensor(pickle.text("model").ops('}'), "a").ops('s');

    assertEquals(List.of("a"), names(pickle));
  }

  @Test
  void open_holderWithinAHolder_isOpened() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}').text("model").ops('}');
    tensor(pickle.text("state_dict").ops('}'), "w").ops('s', 's');

    assertEquals(List.of("w"), names(pickle));
  }

  @Test
  void open_partOfTheModelCalledAsAHolder_keepsItsName() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}').text("state_dict").ops('}');
    tensor(pickle.text("model").ops('}'), "w").ops('s');
    tensor(pickle, "head").ops('s');

    assertEquals(List.of("head", "model.w"), names(pickle));
  }

  @Test
  void open_dictByInheritance_isADict() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}').text("model");
    pickle.global("easydict", "EasyDict").ops(')', 0x81);

    assertEquals(List.of("w"), names(tensor(pickle, "w").ops('s')));
  }

  @Test
  void open_wholeModel_isRefusedByItsClass() {
    PickleBytes pickle = PickleBytes.start().ops('}').text("model");
    pickle.global("models.yolo", "Model").ops(')', 0x81, '}', 'b', 's');

    assertEquals(
        "a.pth: tensors expected under model, got an object of models.yolo.Model; save its"
            + " state_dict()",
        failure(pickle));
  }

  @Test
  void open_objectAtTheTop_isRefusedByItsClass() {
    PickleBytes pickle = PickleBytes.start().global("argparse", "Namespace").ops(')', 0x81);

    assertEquals(
        "a.pth: dict of tensors expected, got argparse.Namespace; save a state_dict()",
        failure(pickle));
  }

  @Test
  void open_keysWithoutASpelling_areNumbered() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}');
    for (String key : List.of("", "v")) {
      pickle.global("mylib", "Colour").text(key).ops(0x85, 'R');
      pickle.rebuild("F", 6, 0, SIZE, STRIDE).ops('s');
    }

    assertEquals(List.of("?", "?2"), names(pickle));
  }

  @Test
  void open_keysOfManyKinds_areSpelledAsPythonDoes() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}');
    pickle.ops('N').rebuild("F", 6, 0, SIZE, STRIDE).ops('s');
    pickle.ops(0x88).rebuild("F", 6, 0, SIZE, STRIDE).ops('s');
    pickle.ops('K', 1, 0x85).rebuild("F", 6, 0, SIZE, STRIDE).ops('s');
    pickle.ops('K', 7).rebuild("F", 6, 0, SIZE, STRIDE).ops('s');
    pickle.global("__builtin__", "long").rebuild("F", 6, 0, SIZE, STRIDE).ops('s');

    assertEquals(List.of("(1,)", "7", "None", "True", "builtins.int"), names(pickle));
  }

  @Test
  void open_sameTupleTwice_isOneKey() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}');
    for (int i = 0; i < 2; i++) {
      pickle.text("a").ops('K', 1, 0x86).rebuild("F", 6, 0, SIZE, STRIDE).ops('s');
    }

    assertEquals(List.of("('a', 1)"), names(pickle));
  }

  @Test
  void open_seventyThousandTensors_areRead() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}');
    for (int i = 0; i < 70_000; i++) {
      tensor(pickle, "w" + i);
    }

    assertEquals(70_000, names(pickle).size());
  }

  @Test
  void open_vocabularyBesideWeights_isPassedOver() throws IOException {
    PickleBytes pickle = PickleBytes.tensor(0, SIZE, STRIDE).text("words").ops('}', '(');
    for (int i = 0; i < 700_000; i++) {
      pickle.text("word" + i).ops('r').int32(i).ops('J').int32(i);
    }

    try (TorchFile file = TorchFile.open(pickle.ops('u', 's').saveIn(folder))) {
      assertEquals("{words=a dict of 700000}", file.passedOver().toString());
    }
  }

  @Test
  void open_thousandsOfThingsPassedOver_tellsTheFirst() throws IOException {
    PickleBytes pickle = PickleBytes.tensor(0, SIZE, STRIDE);
    for (int i = 0; i < 1500; i++) {
      pickle.text("n" + i).ops('N', 's');
    }

    try (TorchFile file = TorchFile.open(pickle.saveIn(folder))) {
      assertEquals(1000, file.passedOver().size());
    }
  }

  private static PickleBytes tensor(PickleBytes pickle, String name) {
    return pickle.text(name).rebuild("F", 6, 0, SIZE, STRIDE).ops('s');
  }

  private List<String> names(PickleBytes pickle) throws IOException {
    try (TorchFile file = TorchFile.open(pickle.saveIn(folder))) {
      return List.copyOf(file.tensors().keySet());
    }
  }

  private String failure(PickleBytes pickle) {
    Path file = pickle.saveIn(folder);
    var thrown = assertThrows(CheckpointException.class, () -> TorchFile.open(file));
    return String.valueOf(thrown.getMessage());
  }
}
