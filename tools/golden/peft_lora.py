"""LoRA adapters of Python's peft on the small models: what they compute, their gradients, and the merged logits.

The adapter's second factors are drawn too, for zeros would show nothing. Inputs are those of the model's own folder.
"""

from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import Blip2ForConditionalGeneration

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
}


def base(name):
    folder = MODELS / name
    return Blip2ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()


def inputs(name):
    given = load_file(MODELS / name / "expected.safetensors")
    keys = ("input_ids", "attention_mask", "labels", "decoder_attention_mask")
    return {"pixel_values": given["pixel_values"]} | {k: given[f"train.{k}"] for k in keys if f"train.{k}" in given}


def numbers(name, folder):
    model = PeftModel.from_pretrained(base(name), folder, is_trainable=True).eval()
    out = model(**inputs(name))
    out.loss.backward()
    tensors = {"logits": out.logits.detach(), "loss": out.loss.detach().reshape(1)}
    for each, parameter in model.named_parameters():
        if parameter.requires_grad:
            tensors["grad." + each.replace(".default", "")] = parameter.grad.clone()
    merged = model.merge_and_unload()
    with torch.no_grad():
        gap = (merged(**inputs(name)).logits - out.logits).abs().max().item()
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
