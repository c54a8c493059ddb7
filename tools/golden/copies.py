"""Writes or checks what is a copy or a part of another golden folder.

    pip install -r tools/golden/requirements.txt
    python tools/golden/copies.py            # in the root of the project: writes them anew
    python tools/golden/copies.py --check

The images of the command line's and the examples' tests, and lavis-qformer, which
is the Q-Former of lavis-stage1 in a file of its own for the module that knows no checkpoints.
"""

import filecmp
import json
import shutil
import sys
from pathlib import Path

import torch
from golden import compare_tensors, read_json
from safetensors.torch import load_file, save_file

GOLDEN = Path("blip2-llm/src/test/resources/golden")
STAGE_ONE, QFORMER = GOLDEN / "lavis-stage1", Path("blip2-qformer/src/test/resources/golden/lavis-qformer")
COPIES = {
    **{Path("blip2-cli/src/test/resources/images") / name: GOLDEN / "hf-opt/images" / name
       for name in ("a.png", "b.png", "c.png")},
    **{Path("blip2-examples/src/test/resources/images") / name: GOLDEN / "hf-opt/images" / name
       for name in ("a.png", "b.png")},
    **{Path("blip2-core/src/test/resources/golden/tokenizers") / f"{name}.tokenizer.json":
       GOLDEN / name / "tokenizer.json" for name in ("hf-opt", "hf-t5", "lavis-stage1")},
}  # fmt: skip
STAGES = ("image_embeds", "query_output", "query_past.", "text.", "text_output", "multimodal_output", "itm_logits", "lm_")


def qformer():
    """The files of lavis-qformer, from lavis-stage1."""
    model = torch.load(STAGE_ONE / "checkpoint.pth")["model"]
    left_out = ("position_ids", "decoder.weight", "decoder.bias")
    weights = {k: v.contiguous().clone() for k, v in model.items()
               if k.startswith(("Qformer.", "query_tokens", "itm_head.")) and not k.endswith(left_out)}  # fmt: skip
    numbers = {k: v for k, v in load_file(STAGE_ONE / "expected.safetensors").items() if k.startswith(STAGES)}
    numbers |= {f"cam.{k}": v for k, v in load_file(STAGE_ONE / "expected_cam.safetensors").items()}
    c = read_json(STAGE_ONE / "model.json")
    config = {
        "hidden_size": c["bert_hidden_size"], "num_hidden_layers": c["bert_layers"],
        "num_attention_heads": c["bert_heads"], "intermediate_size": c["bert_intermediate_size"],
        "cross_attention_frequency": c["cross_attention_freq"], "vocab_size": c["vocab_size"],
        "max_position_embeddings": c["max_position_embeddings"], "layer_norm_eps": c["bert_layer_norm_eps"],
        "use_qformer_text_input": True, "encoder_hidden_size": c["vision_width"],
    }  # fmt: skip
    return weights, numbers, config


def write():
    for copy, source in COPIES.items():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy)
    weights, numbers, config = qformer()
    QFORMER.mkdir(parents=True, exist_ok=True)
    save_file(weights, QFORMER / "model.safetensors")
    save_file(numbers, QFORMER / "expected.safetensors")
    (QFORMER / "config.json").write_text(json.dumps(config, indent=1))
    (QFORMER / "expected.json").write_text(json.dumps({"kind": "lavis-qformer"}))


def check():
    different = [str(copy) for copy, source in COPIES.items() if not filecmp.cmp(copy, source, shallow=False)]
    print(f"{len(COPIES)} copies, differences: {', '.join(different) or 'none'}")
    weights, numbers, config = qformer()
    fine = not different and config == read_json(QFORMER / "config.json")
    fine &= compare_tensors("model.safetensors", load_file(QFORMER / "model.safetensors"), weights)
    return fine & compare_tensors("expected.safetensors", load_file(QFORMER / "expected.safetensors"), numbers)


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if check() else 1)
    write()
