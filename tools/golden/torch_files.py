"""Writes small files of torch.save, and for each a safetensors file with the same tensors.

    pip install torch==2.13.0 safetensors
    python tools/golden/torch_files.py blip2-core/src/test/resources/golden/torch

Besides the plain case: views, transposed and expanded tensors, shared storages, every element type
that is common in checkpoints, parameters, the format before PyTorch 1.6, other pickle protocols, and
a training checkpoint that keeps an optimizer, numbers and arguments beside the model.
"""

import argparse
import collections
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file


def counting(*shape, dtype=torch.float32, start=0):
    count = 1
    for length in shape:
        count *= length
    return torch.arange(start, start + count).to(dtype).reshape(shape)


def types():
    # Halves that are exact in every type, negative ones too.
    values = torch.tensor([[0.0, -0.5, 1.5], [2.0, -3.0, 96.0]])
    tensors = {
        name: values.to(getattr(torch, name))
        for name in ("float64", "float32", "float16", "bfloat16", "int64", "int32")
    }
    tensors["uint8"] = values.abs().to(torch.uint8)
    tensors["bool"] = values > 0
    return tensors


def views():
    base = counting(4, 6)
    cube = counting(2, 3, 4, dtype=torch.float16)
    return {
        "whole": base,
        "rows": base[1:3],
        "columns": base[:, 2:5],
        "every_second": base[::2, ::3],
        "transposed": base.t(),
        "permuted": cube.permute(2, 0, 1),
        "inner_whole": cube[:, 1:],
        "expanded": torch.tensor([[7.0], [8.0]]).expand(2, 5),
        "scalar": base[2, 3],
        "empty": base[4:, :2],
        "tied": base,
    }


def training():
    torch.manual_seed(1)
    model = torch.nn.Sequential(
        collections.OrderedDict(
            inner=torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.LayerNorm(5)),
            head=torch.nn.Linear(5, 2, bias=False),
        )
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    model(torch.ones(4, 3)).sum().backward()
    optimizer.step()
    state = model.state_dict()
    whole = {
        "model": state,
        "optimizer": optimizer.state_dict(),
        "config": {"run": {"lr": 1e-4, "names": ["a", "b"], "amp": True, "none": None}},
        "args": argparse.Namespace(epochs=3, output="out", shape=torch.Size([2, 3])),
        "scaler": None,
        "epoch": 7,
        "seed": 2**70,
        "seen": {1, 2, 3},
        "raw": b"bytes",
    }
    return whole, dict(state)


def save(folder, name, value, tensors, **how):
    torch.save(value, folder / (name + ".pth"), **how)
    save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()},
              folder / (name + ".safetensors"))


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    legacy = dict(_use_new_zipfile_serialization=False)
    save(folder, "types", types(), types())
    save(folder, "types_legacy", types(), types(), **legacy)
    save(folder, "views", views(), views())
    save(folder, "views_legacy", views(), views(), **legacy)
    whole, state = training()
    save(folder, "training", whole, state)
    save(folder, "training_legacy", whole, state, **legacy)
    save(folder, "protocol4", whole, state, pickle_protocol=4)
    parameters = {"weight": torch.nn.Parameter(counting(2, 3)), "frozen": counting(4)}
    nested = {"state_dict": {"a": {"b": parameters}, "count": 3}}
    save(folder, "nested", nested, {"a.b." + k: v for k, v in parameters.items()})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
