"""LoRA adapters of Python's peft on the small models: what they compute, their gradients, and the merged logits.

The adapter's second factors are drawn too, for zeros would show nothing. Inputs are those of the model's own folder.
"""

from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import Blip2ForConditionalGeneration, Blip2ForImageTextRetrieval

from golden import compare_tensors, main

MODELS = Path(__file__).parents[2] / "blip2-llm/src/test/resources/golden"
CASES = {
    "hf-opt": dict(r=3, lora_alpha=6, target_modules=["q_proj", "v_proj", "fc2", "value"]),
    "hf-t5": dict(r=2, lora_alpha=5, use_rslora=True, target_modules=["q", "v", "wo", "wi_0"]),
    "hf-blip2-llama": dict(
        r=4,
        lora_alpha=4,
        target_modules=r"(language_model.*\.(q_proj|down_proj|gate_proj)|qformer.*crossattention\.attention\.key)",
    ),
    "hf-itm": dict(r=3, lora_alpha=6, target_modules=["query", "value", "dense", "vision_projection", "fc1"]),
}
RETRIEVAL = "hf-itm"  # a model of the first stage
LABELS = [1, 0, 1]  # whether image and text match, for a loss


def base(name):
    kind = Blip2ForImageTextRetrieval if name == RETRIEVAL else Blip2ForConditionalGeneration
    return kind.from_pretrained(MODELS / name, dtype=torch.float32).eval()


def inputs(name):
    given = load_file(MODELS / name / "expected.safetensors")
    keys = ("input_ids", "attention_mask", "labels", "decoder_attention_mask")
    return {"pixel_values": given["pixel_values"]} | {k: given[f"train.{k}"] for k in keys if f"train.{k}" in given}


def results(model, name):
    """What is compared, and a loss."""
    if name != RETRIEVAL:
        out = model(**inputs(name))
        return {"logits": out.logits}, out.loss
    given = load_file(MODELS / name / "expected.safetensors")
    pairs = {k: given[k] for k in ("pixel_values", "input_ids", "attention_mask")}
    match = model(**pairs, use_image_text_matching_head=True).logits_per_image
    contrast = model(**pairs, use_image_text_matching_head=False).logits_per_image
    loss = torch.nn.functional.cross_entropy(match, torch.tensor(LABELS)) + contrast.mean()
    return {"logits": match, "contrast": contrast}, loss


def numbers(name, folder):
    model = PeftModel.from_pretrained(base(name), folder, is_trainable=True).eval()
    out, loss = results(model, name)
    loss.backward()
    tensors = {k: v.detach() for k, v in out.items()} | {"loss": loss.detach().reshape(1)}
    for each, parameter in model.named_parameters():
        if parameter.requires_grad:
            tensors["grad." + each.replace(".default", "")] = parameter.grad.clone()
    merged = model.merge_and_unload()
    with torch.no_grad():
        gap = max((results(merged, name)[0][k] - v).abs().max().item() for k, v in out.items())
    print(f"{name}: merged logits within {gap:.1e}")
    return tensors


def write(folder, name):
    torch.manual_seed(len(name))
    model = get_peft_model(base(name), LoraConfig(lora_dropout=0.0, **CASES[name]))
    for each, parameter in model.named_parameters():
        if "lora_B" in each:
            torch.nn.init.normal_(parameter, std=0.1)
    model.peft_config["default"].base_model_name_or_path = name
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    save_file(numbers(name, folder), folder / "expected.safetensors")


def check(folder):
    return compare_tensors(folder.name, load_file(folder / "expected.safetensors"), numbers(folder.name, folder))


if __name__ == "__main__":
    main(write, check, list(CASES))
