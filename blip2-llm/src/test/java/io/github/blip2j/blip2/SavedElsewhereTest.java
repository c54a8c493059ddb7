package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.blip2.checkpoint.LoraMerge;
import io.github.blip2j.blip2.checkpoint.hf.MergedAdapters;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.llm.t5.T5Model;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders as others save them, against what transformers wrote with them. */
final class SavedElsewhereTest {
  private static final LoadOptions STRICT = LoadOptions.of(Precision.FLOAT32);
  private static final String T5 = "language_model.";
  private static final String SAVED = T5 + "decoder.embed_tokens.weight";

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "opt-blip2-model",
        "opt-two-processors",
        "opt-vocab-and-merges",
        "opt-with-adapter",
        "instruct-more-tokens",
        "mt5",
        "t5-tied",
        "t5-untied"
      })
  void generate_folderOfOthers_writesWhatTransformersWrote(String name) throws IOException {
    SavedElsewhere.of(name).assertWritten();
  }

  @ParameterizedTest
  @ValueSource(strings = {"shared", "encoder.embed_tokens", "decoder.embed_tokens", "lm_head"})
  void load_embeddingsUnderAnyTiedName_isTheSame(String name) throws IOException {
    SavedElsewhere.of("t5-tied")
        .copyTo(folder)
        .renaming(each -> each.equals(SAVED) ? T5 + name + ".weight" : each)
        .assertWritten();
  }

  @Test
  void load_embeddingsUnderAllTiedNames_isTheSame() throws IOException {
    SavedElsewhere tied = SavedElsewhere.of("t5-tied").copyTo(folder);
    for (String name : List.of("shared", "encoder.embed_tokens", "lm_head")) {
      tied.adding(T5 + name + ".weight", SAVED, false);
    }

    tied.assertWritten();
  }

  /** Prompts are embedded by the table that all share. */
  @Test
  void load_encoderEmbeddingsThatDiffer_areNotLookedInto() throws IOException {
    SavedElsewhere.of("t5-tied")
        .copyTo(folder)
        .adding(T5 + "shared.weight", SAVED, false)
        .adding(T5 + "encoder.embed_tokens.weight", SAVED, true)
        .assertWritten();
  }

  @Test
  void load_decoderEmbeddingsThatDiffer_areItsOwn() throws IOException {
    SavedElsewhere.of("t5-tied")
        .copyTo(folder)
        .adding(T5 + "shared.weight", SAVED, true); // so that the saved ones are the decoder's own

    try (var blip2 = Blip2.load(folder);
        var scope = Scope.open()) {
      T5Model language = (T5Model) blip2.model().language();
      Tensor ids = Tensor.of(new long[] {7, 3}, 2);

      float[] read = language.embed(ids).toFloats();
      float[] written = language.embedDecoderIds(ids).toFloats();

      assertArrayEquals(read, Tensor.of(written, written.length).mul(-1).toFloats());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"module.", "_orig_mod.", "module._orig_mod.", "model.", "net.blip2."})
  void load_namesOfWrappers_areRemoved(String prefix) throws IOException {
    SavedElsewhere.of("opt-blip2-model")
        .copyTo(folder)
        .renaming(name -> prefix + name)
        .assertWritten();
  }

  @Test
  void load_wrapperOfAPart_isRemoved() throws IOException {
    SavedElsewhere.of("opt-blip2-model")
        .copyTo(folder)
        .renaming(name -> name.replace(T5, T5 + "_orig_mod."))
        .assertWritten();
  }

  @Test
  void load_bodyOfOptWithoutItsHead_isRead() throws IOException {
    SavedElsewhere.of("opt-blip2-model")
        .copyTo(folder)
        .renaming(name -> name.replace(T5 + "model.decoder.", T5 + "decoder."))
        .assertWritten();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Blip2ForConditionalGeneration", "Blip2Model", "MyBlip2", ""})
  void load_anyArchitectureThatWrites_isRead(String architecture) throws IOException {
    SavedElsewhere.of("opt-blip2-model")
        .copyTo(folder)
        .editing(
            "config.json",
            json ->
                json.add(
                    "architectures",
                    architecture.isEmpty() ? FolderCase.list() : FolderCase.list(architecture)))
        .assertWritten();
  }

  @Test
  void load_unexpectedTensorsLeftOut_areListed() throws IOException {
    SavedElsewhere surplus = SavedElsewhere.of("opt-surplus");
    try (var blip2 = Blip2.load(surplus.folder(), STRICT.leavingOutUnexpected())) {
      assertEquals(surplus.expected(), surplus.written(blip2));
      assertEquals(
          Set.of("itm_head.bias", "itm_head.weight", "vision_projection.weight"), blip2.leftOut());
      assertEquals(blip2.leftOut(), blip2.withConvention(Convention.LAVIS).leftOut());
    }
  }

  @Test
  void load_unexpectedTensors_areRefusedUnlessAskedFor() throws IOException {
    Path surplus = SavedElsewhere.of("opt-surplus").folder();

    assertEquals(
        surplus
            + ": tensors expected to fit the configuration, got 3 unused (itm_head.bias,"
            + " itm_head.weight, vision_projection.weight); to load without them, see"
            + " --ignore-unexpected-keys (LoadOptions)",
        assertThrows(CheckpointException.class, () -> Blip2.load(surplus)).getMessage());
  }

  @Test
  void load_unexpectedTensorsLeftOut_missingOnesAreRefusedAllTheSame() throws IOException {
    Path changed =
        SavedElsewhere.of("opt-surplus")
            .copyTo(folder)
            .renaming(name -> name.replace("language_projection.bias", "bias"))
            .folder();

    assertEquals(
        changed
            + ": tensors expected to fit the configuration, got 1 missing (projection.bias (looked"
            + " for as language_projection.bias))",
        assertThrows(
                CheckpointException.class, () -> Blip2.load(changed, STRICT.leavingOutUnexpected()))
            .getMessage());
  }

  @Test
  void generate_tokenBeyondTheQFormersRows_isAnErrorOfThatTextAlone() throws IOException {
    SavedElsewhere instruct = SavedElsewhere.of("instruct-more-tokens");
    try (var blip2 = Blip2.load(instruct.folder())) {
      var thrown =
          assertThrows(
              IllegalArgumentException.class,
              () -> blip2.instructions(List.of("a red", "a [DEC] one")));

      assertEquals(
          "instructions: instruction expected tokens below the model's vocabulary of 250, got"
              + " [DEC] with 250; leave it out, or use the tokenizer that came with the model",
          thrown.getMessage());
      assertEquals(instruct.expected(), instruct.written(blip2));
    }
  }

  @Test
  void load_umt5_isRefusedByName() throws IOException {
    Path changed =
        SavedElsewhere.of("mt5")
            .copyTo(folder)
            .editing(
                "config.json",
                json -> FolderCase.child(json, "text_config").addProperty("model_type", "umt5"))
            .folder();

    assertEquals(
        "config.json: text_config.model_type expected one of llama, mistral, mt5, opt, qwen2, t5,"
            + " got umt5, whose layers have position biases of their own"
            + "; another family is registered by withLanguageFamilies of LoadOptions or StageTwoSetup, or as a service"
            + " io.github.blip2j.llm.LanguageFamily",
        assertThrows(CheckpointException.class, () -> Blip2.load(changed)).getMessage());
  }

  @Test
  void load_quantized_namesTheLibrary() throws IOException {
    Path quantized = Path.of("src/test/resources/checkpoints/quantized-int8");

    assertEquals(
        "config.json: weights expected in floating point, got quantised by bitsandbytes (8 bits);"
            + " take the float16 or float32 checkpoint, with --dtype int8 (Precision.INT8) for as"
            + " little memory",
        assertThrows(CheckpointException.class, () -> Blip2.load(quantized)).getMessage());
  }

  @Test
  void load_quantizedByItsTensorsAlone_namesTheLibrary() throws IOException {
    Path changed =
        SavedElsewhere.of("opt-blip2-model")
            .copyTo(folder)
            .renaming(name -> name.replace("fc1.bias", "fc1.SCB"))
            .folder();

    assertEquals(
        changed
            + ": weights expected in floating point, got quantised by bitsandbytes (8 bits); take"
            + " the float16 or float32 checkpoint, with --dtype int8 (Precision.INT8) for as"
            + " little memory",
        assertThrows(CheckpointException.class, () -> Blip2.load(changed)).getMessage());
  }

  @Test
  void load_adapterInAFolderOfItsOwn_isMergedAlike() throws IOException {
    SavedElsewhere adapted = SavedElsewhere.of("opt-with-adapter");
    Path base = Files.createDirectory(folder.resolve("base"));
    Path adapter = Files.createDirectory(folder.resolve("adapter"));
    adapted.copyTo(base);
    for (String name : List.of("adapter_config.json", "adapter_model.safetensors")) {
      Files.move(base.resolve(name), adapter.resolve(name));
    }
    var alone = new SavedElsewhere(base, adapted.expected());

    assertEquals(alone.expected(), alone.written(STRICT.withAdapter(adapter)));
    assertNotEquals(alone.expected(), alone.written(STRICT));
  }

  @Test
  void load_adapterAlone_namesItsBase() throws IOException {
    SavedElsewhere adapted = SavedElsewhere.of("opt-with-adapter").copyTo(folder);
    Files.delete(folder.resolve("config.json"));
    adapted.editing(
        "adapter_config.json",
        json -> json.addProperty("base_model_name_or_path", "Salesforce/blip2-opt-2.7b"));

    assertEquals(
        folder
            + ": model expected, got a LoRA adapter without its base, Salesforce/blip2-opt-2.7b;"
            + " name the base as the model and this as its adapter (--adapter,"
            + " LoadOptions.withAdapter)",
        assertThrows(CheckpointException.class, () -> Blip2.load(folder)).getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " "})
  void load_adapterAloneWithAnEmptyBase_saysSo(String base) throws IOException {
    SavedElsewhere adapted = SavedElsewhere.of("opt-with-adapter").copyTo(folder);
    Files.delete(folder.resolve("config.json"));
    adapted.editing(
        "adapter_config.json", json -> json.addProperty("base_model_name_or_path", base));

    assertEquals(
        folder
            + ": model expected, got a LoRA adapter without its base, which it doesn't tell; name"
            + " the base as the model and this as its adapter (--adapter,"
            + " LoadOptions.withAdapter)",
        assertThrows(CheckpointException.class, () -> Blip2.load(folder)).getMessage());
  }

  @Test
  void load_adapterBesideTheModelAndAnother_isRefused() throws IOException {
    Path adapted = SavedElsewhere.of("opt-with-adapter").folder();

    assertEquals(
        adapted
            + ": one adapter expected, got one beside the model and "
            + folder
            + "; move one away, or merge it",
        assertThrows(
                CheckpointException.class, () -> Blip2.load(adapted, STRICT.withAdapter(folder)))
            .getMessage());
  }

  @Test
  void merge_adapterBesideTheModel_isMergedOnce() throws IOException {
    Path adapted = SavedElsewhere.of("opt-with-adapter").folder();
    Path merged = folder.resolve("merged");

    LoraMerge.merge(adapted, adapted, merged);

    assertFalse(LoraAdapter.isIn(merged));
    assertEquals(List.of(LoraAdapter.identityOf(adapted)), MergedAdapters.in(merged));
  }

  @Test
  void toLavis_folderWithAnAdapter_isRefused() throws IOException {
    Path adapted = SavedElsewhere.of("opt-with-adapter").folder();

    assertEquals(
        adapted
            + ": model to convert expected without an adapter, got adapter_config.json; merge it"
            + " first, by blip2 convert --merge-lora (LoraMerge), or in Python (merge_and_unload)"
            + " if the model is a part of a BLIP-2",
        assertThrows(
                CheckpointException.class,
                () -> Conversion.toLavis(adapted, folder.resolve("x.pth")))
            .getMessage());
  }
}
