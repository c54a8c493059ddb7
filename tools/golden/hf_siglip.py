"""Writes or checks `hf-siglip`: the vision encoder of transformers' SiglipVisionModel.

    pip install -r tools/golden/requirements.txt
    python tools/golden/hf_siglip.py --check blip2-vision/src/test/resources/golden/hf-siglip
    python tools/golden/hf_siglip.py --out DIR

Weights are drawn from a seed and not trained. The loss is the mean of the last hidden state times given
numbers; `large.*` is of pictures of another size and shape, with interpolated positions.
"""

import golden
import torch
from golden import check_folder, draw_weights, write_expected
from safetensors.torch import load_file
from transformers import SiglipImageProcessor, SiglipVisionConfig, SiglipVisionModel

SEED, SIZE, PATCH, WIDTH = 17, 40, 8, 36
LARGE = (58, 72)  # 7 by 9 patches, and two rows of pixels that fill none
GIVEN = ("pixel_values", "pixel_values_large", "loss.weights")


def numbers(folder, given):
    """Of pictures that are given."""
    model = SiglipVisionModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    out = model(given["pixel_values"], output_hidden_states=True)
    large = model(given["pixel_values_large"], interpolate_pos_encoding=True, output_hidden_states=True)
    loss = (out.last_hidden_state * given["loss.weights"]).mean()
    loss.backward()
    tensors = given | {
        "last_hidden_state": out.last_hidden_state, "large.last_hidden_state": large.last_hidden_state,
        "large.embedded": large.hidden_states[0],
    }  # fmt: skip
    tensors |= {f"hidden_states.{i}": x for i, x in enumerate(out.hidden_states)}
    tensors |= {f"grad.{name}": p.grad for name, p in model.named_parameters() if p.grad is not None}
    return tensors, {"kind": "siglip", "loss": loss.item()}


def check(folder):
    committed = load_file(folder / "expected.safetensors")
    return check_folder(folder, *numbers(folder, {name: committed[name] for name in GIVEN}))


def write(folder, _):
    model = SiglipVisionModel(SiglipVisionConfig(
        hidden_size=WIDTH, intermediate_size=52, num_hidden_layers=3, num_attention_heads=3, image_size=SIZE,
        patch_size=PATCH, layer_norm_eps=2e-6))  # fmt: skip
    draw_weights(model, SEED)
    model.save_pretrained(folder)
    SiglipImageProcessor(size={"height": SIZE, "width": SIZE}).save_pretrained(folder)
    rng = torch.Generator().manual_seed(SEED)
    write_expected(folder, *numbers(folder, {
        "pixel_values": torch.randn(2, 3, SIZE, SIZE, generator=rng),
        "pixel_values_large": torch.randn(2, 3, *LARGE, generator=rng),
        "loss.weights": torch.randn(2, (SIZE // PATCH) ** 2, WIDTH, generator=rng),
    }))  # fmt: skip


if __name__ == "__main__":
    golden.main(write, check, ["hf-siglip"])
