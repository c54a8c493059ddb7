"""Writes what torch.optim.AdamW makes of a few parameters in six steps.

    pip install torch==2.13.0 safetensors numpy
    python tools/golden/adamw.py blip2-core/src/test/resources/golden/optim/adamw

The groups are those of LAVIS: vectors and biases do not decay, everything else does. The learning
rate changes from step to step, and one parameter has no gradient in the third.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

SHAPES = {
    "query": (1, 3, 5),
    "layer.weight": (7, 11),
    "layer.bias": (7,),
    "norm.scale": (13,),
    "temperature": (),
}
RATES = [1e-6, 1e-4, 1e-3, 1e-2, 5e-3, 1e-4]
SKIPPED = (2, "norm.scale")
DECAY = 0.05


def main():
    folder = Path(sys.argv[1])
    torch.manual_seed(20230130)
    parameters = {name: torch.nn.Parameter(torch.randn(shape)) for name, shape in SHAPES.items()}
    out = {f"start.{name}": p.detach().clone() for name, p in parameters.items()}
    out["rates"] = torch.tensor(RATES, dtype=torch.float64)
    plain = [p for name, p in parameters.items() if p.ndim == 1 or name.endswith(".bias")]
    decayed = [p for name, p in parameters.items() if not (p.ndim == 1 or name.endswith(".bias"))]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": DECAY}, {"params": plain, "weight_decay": 0.0}],
        betas=(0.9, 0.999),
        eps=1e-8,
        foreach=False,
    )
    for step, rate in enumerate(RATES):
        for group in optimizer.param_groups:
            group["lr"] = rate
        for name, p in parameters.items():
            p.grad = None
            if (step, name) != SKIPPED:
                p.grad = torch.randn(p.shape) * 10 ** (step % 3 - 2)
                out[f"gradient.{step}.{name}"] = p.grad.clone()
        optimizer.step()
        for name, p in parameters.items():
            out[f"value.{step}.{name}"] = p.detach().clone()
    for name, p in parameters.items():
        state = optimizer.state[p]
        out[f"m.{name}"] = state["exp_avg"].clone()
        out[f"v.{name}"] = state["exp_avg_sq"].clone()
        out[f"step.{name}"] = state["step"].to(torch.int64)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(out, folder / "expected.safetensors", metadata={"torch": torch.__version__})


if __name__ == "__main__":
    main()
