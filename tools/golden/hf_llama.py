"""Checks or recomputes the numbers of `hf-blip2-llama`, `hf-blip2-qwen2` and `hf-instructblip-vicuna`.

    pip install -r tools/golden/requirements.txt
    python tools/golden/hf_llama.py --check blip2-llm/src/test/resources/golden/hf-blip2-llama
    python tools/golden/hf_llama.py --out DIR hf-blip2-llama

The weights, tokenizers, images and words of these folders were given, and a fresh folder takes them from
the committed one. All numbers are computed from them by transformers in float32: stages, logits of padded
prompts, a training loss with the gradient of every parameter that learns or belongs to the language model,
and what greedy and beam search write.
"""

import json
import shutil
from pathlib import Path

import golden
import torch
from golden import check_folder, open_images, pixels_of, read_json, write_expected
from safetensors.torch import load_file
from transformers import (
    AutoTokenizer,
    Blip2ForConditionalGeneration,
    InstructBlipForConditionalGeneration,
)

NAMES = ["hf-blip2-llama", "hf-blip2-qwen2", "hf-instructblip-vicuna"]
COMMITTED = Path(__file__).parents[2] / "blip2-llm/src/test/resources/golden"
FROZEN = "vision_model."


def load(folder):
    kind = json.loads((folder / "config.json").read_text())["model_type"]
    of = InstructBlipForConditionalGeneration if kind == "instructblip" else Blip2ForConditionalGeneration
    return of.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").eval()


def numbers(folder):
    model, given, said = load(folder), load_file(folder / "expected.safetensors"), read_json(folder / "expected.json")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    read = {k.removeprefix("prompt."): v for k, v in given.items() if k.startswith("prompt.qformer_")}
    pixels = pixels_of(open_images(folder), model.config.vision_config.image_size)
    asked = {k: given[f"prompt.{k}"] for k in ("input_ids", "attention_mask")} | read
    taught = {k: given[f"train.{k}"] for k in ("input_ids", "attention_mask", "labels")}
    tensors = {f"prompt.{k}": v for k, v in asked.items()} | {f"train.{k}": v for k, v in taught.items()}
    states = []
    model.qformer.encoder.register_forward_hook(lambda _, __, out: states.append(out.last_hidden_state))
    with torch.no_grad():
        out = model(pixel_values=pixels, **asked)
        tensors["pixel_values"] = pixels
        tensors["vision.last_hidden_state"] = out.vision_outputs.last_hidden_state
        tensors["qformer.last_hidden_state"] = states[0]
        queries = states[0][:, : model.config.num_query_tokens]
        tensors["language_projection"] = model.language_projection(queries)
        tensors["forward.logits"] = out.logits
    model.zero_grad()
    out = model(pixel_values=pixels, **taught, **read)
    out.loss.backward()
    tensors["train.logits"] = out.logits.detach()
    for name, parameter in model.named_parameters():
        learns = not name.startswith(FROZEN) or "post_layernorm" in name
        # The text side of the Q-Former's last layer is computed, and nothing depends on it.
        if learns and parameter.grad is not None and parameter.grad.any():
            tensors[f"train.grad.{name}"] = parameter.grad.clone()
    values = {"kind": said["kind"], "prompts": said["prompts"], "truth": said["truth"], "train_loss": out.loss.item()}
    values["cases"] = [case(model, tokenizer, pixels, asked, each) for each in said["cases"]]
    return tensors, values


def case(model, tokenizer, pixels, asked, given):
    with torch.no_grad():
        out = model.generate(
            pixel_values=pixels, do_sample=False, return_dict_in_generate=True, output_scores=True, **asked,
            **given["args"])
    written = out.sequences[:, asked["input_ids"].shape[1] :]
    texts = [text.strip() for text in tokenizer.batch_decode(written, skip_special_tokens=True)]
    made = {"name": given["name"], "args": given["args"], "sequences": out.sequences.tolist(), "texts": texts}
    return made | ({"sequences_scores": out.sequences_scores.tolist()} if "num_beams" in given["args"] else {})


def check(folder):
    return check_folder(folder, *numbers(folder))


def write(folder, name):
    shutil.copytree(COMMITTED / name, folder, dirs_exist_ok=True)
    write_expected(folder, *numbers(folder))


if __name__ == "__main__":
    golden.main(write, check, NAMES)
